/** Which prediction is scored against which reference: files of the same name in two folders. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '../../contracts/errors.ts';
import type { FileProblem } from '../file-problem.ts';

export interface VideoPair {
  /** File name without .nii or .nii.gz. */
  readonly id: string;
  readonly prediction: string;
  readonly reference?: string;
}

const niftiName = /^(.+?)\.nii(?:\.gz)?$/i;

/** Id -> path of the NIfTI files directly in the folder. */
async function niftiFiles(folder: string): Promise<{ files: Map<string, string>; problems: FileProblem[] }> {
  const names = (await readdir(folder)).sort();
  const files = new Map<string, string>();
  const problems: FileProblem[] = [];
  for (const name of names) {
    const id = niftiName.exec(name)?.[1];
    if (id === undefined) continue;
    if (files.has(id)) {
      problems.push({
        file: join(folder, name),
        code: 'DatasetInvalid',
        message: `${files.get(id)} has the same name without its ending. Keep one of the two.`,
      });
      continue;
    }
    files.set(id, join(folder, name));
  }
  return { files, problems };
}

/**
 * Pairs two folders by file name, in name order; without `references` every prediction stands alone.
 * A file with no partner is a problem, not a silent omission: leaving out failed videos would improve the mean.
 * @throws DomainError DatasetInvalid when there is nothing to score.
 */
export async function pairFiles(
  predictions: string,
  references: string | undefined,
): Promise<{ pairs: VideoPair[]; problems: FileProblem[] }> {
  const found = await niftiFiles(predictions);
  if (found.files.size === 0) {
    throw new DomainError(
      'DatasetInvalid',
      `${predictions} holds no NIfTI file: expected masks named <video>.nii.gz or <video>.nii directly in it. Check --predictions.`,
    );
  }
  if (references === undefined) {
    return {
      pairs: [...found.files].map(([id, prediction]) => ({ id, prediction })),
      problems: found.problems,
    };
  }
  const known = await niftiFiles(references);
  const pairs: VideoPair[] = [];
  const problems = [...found.problems, ...known.problems];
  for (const [id, prediction] of found.files) {
    const reference = known.files.get(id);
    if (reference !== undefined) pairs.push({ id, prediction, reference });
    else {
      problems.push({
        file: prediction,
        code: 'DatasetInvalid',
        message: `no reference of the same name in ${references}. Add it, or remove the prediction.`,
      });
    }
  }
  for (const [id, reference] of known.files) {
    if (found.files.has(id)) continue;
    problems.push({
      file: reference,
      code: 'DatasetInvalid',
      message: `no prediction of the same name in ${predictions}: the video would be missing from the means.`,
    });
  }
  return { pairs, problems };
}
