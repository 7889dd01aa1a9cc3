/** The two datasets of phantoms that the demonstration and the benchmarks adapt between. */
import type { Split } from '../../datasets/manifest.ts';
import type { PhantomRequest } from '../datasets/phantom-dataset.ts';
import { quickstart } from './sizes.ts';

/** How many videos of each kind: annotated source ones, and target ones, of which the test ones alone are annotated. */
export interface PhantomCounts {
  readonly source: { readonly train: number; readonly validation: number };
  readonly target: { readonly adapt: number; readonly validation: number; readonly test: number };
}

export interface PhantomDataset extends Pick<PhantomRequest, 'domain' | 'videos'> {
  readonly name: string;
}

export function phantomDatasets({ source, target }: PhantomCounts): PhantomDataset[] {
  const { names } = quickstart;
  return [
    {
      name: names.source,
      domain: 'source',
      videos: [...videos(source.train, 'train', true), ...videos(source.validation, 'val', true)],
    },
    {
      name: names.target,
      domain: 'target',
      videos: [
        ...videos(target.adapt, 'pred', false),
        ...videos(target.validation, 'val', false),
        ...videos(target.test, 'test', true),
      ],
    },
  ];
}

function videos(count: number, split: Split, labelled: boolean): PhantomRequest['videos'] {
  return Array.from({ length: count }, () => ({ split, labelled }));
}
