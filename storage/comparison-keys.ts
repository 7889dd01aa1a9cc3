/** Where a comparison keeps what it makes, below the folder of its run. */
import { checkedName, runKeys } from './keys.ts';

const three = (n: number): string => String(n).padStart(3, '0');

export const comparisonKeys = {
  /** Of one row; what `app/comparison/` hands in lies there too. */
  row: (run: string, row: string) => `${runKeys.root(run)}systems/${checkedName('run', row)}/`,
  rows: (run: string) => `${runKeys.root(run)}rows.json`,
  /** Checkpoints, and what is known of a training that is done. */
  training: (run: string, name: string) => `${runKeys.root(run)}trainings/${checkedName('run', name)}/`,
  model: (run: string, name: string) => `${comparisonKeys.training(run, name)}model.safetensors`,
  budget: (run: string, name: string) => `${comparisonKeys.training(run, name)}budget.json`,
  curve: (run: string, name: string) => `${comparisonKeys.training(run, name)}curve.json`,
  /** What a video of the target was labelled with for that training. */
  pseudoLabels: (run: string, name: string, id: string) =>
    `${comparisonKeys.training(run, name)}labels/${checkedName('video', id)}.nii.gz`,
  /** Which files were handed in: masks or references, with their digests. */
  handedIn: (run: string, row: string, kind: 'masks' | 'references') =>
    `${comparisonKeys.row(run, row)}${kind}/list.json`,
  givenMask: (run: string, row: string, id: string) =>
    `${comparisonKeys.row(run, row)}masks/labels/${checkedName('video', id)}.nii.gz`,
  /** The row's own references, which it is scored against instead of those of the dataset. */
  givenReference: (run: string, row: string, id: string) =>
    `${comparisonKeys.row(run, row)}references/labels/${checkedName('video', id)}.nii.gz`,
  prediction: ({ run, row }: RowOf, id: string) =>
    `${comparisonKeys.row(run, row)}predictions/test/${checkedName('video', id)}.nii.gz`,
  /** Why a test video has no scores in this row. */
  reason: ({ run, row }: RowOf, id: string) =>
    `${comparisonKeys.row(run, row)}missing/${checkedName('video', id)}.json`,
  scores: ({ run, row }: RowOf, shard: number) =>
    `${comparisonKeys.row(run, row)}scores/${three(shard)}.json`,
  /** The table of these rows: one that was stopped and went on has another. `rows` is a digest. */
  table: (run: string, rows: string) => `${runKeys.root(run)}tables/${checkedName('run', rows)}/`,
};

/** A row of a comparison. */
export interface RowOf {
  readonly run: string;
  readonly row: string;
}
