/** The two datasets of phantoms that the demonstration and the benchmarks adapt between, made and stored. */
import { join } from 'node:path';
import type { Split } from '../../datasets/manifest.ts';
import type { ObjectStore } from '../../storage/store.ts';
import { makePhantomDataset, type PhantomRequest } from '../datasets/phantom-dataset.ts';
import { uploadDataset } from '../datasets/upload-dataset.ts';
import { quickstart } from './sizes.ts';

/** How many videos of each kind: annotated source ones, and target ones, of which the test ones alone are annotated. */
export interface PhantomCounts {
  readonly source: { readonly train: number; readonly validation: number };
  readonly target: { readonly adapt: number; readonly validation: number; readonly test: number };
}

interface PhantomDataset extends Pick<PhantomRequest, 'domain' | 'videos'> {
  readonly name: string;
}

/** What is told while the datasets are made: the videos that are there, and a dataset that is in the store. */
export interface PhantomProgress {
  readonly onVideo?: (dataset: string, done: number, total: number) => void;
  /** `made` is 0 when the folder held the dataset already. */
  readonly onDataset?: (dataset: string, videos: { total: number; labelled: number; made: number }) => void;
}

/**
 * Makes both datasets under `folder`, unless they are there, and stores them by name; the same seed makes the same
 * bytes.
 * @throws DomainError StorageUnavailable, or DatasetInvalid when the store holds other videos under these names.
 */
export async function storePhantomDatasets(
  store: ObjectStore,
  folder: string,
  seed: number,
  counts: PhantomCounts,
  { onVideo, onDataset }: PhantomProgress = {},
): Promise<void> {
  for (const { name, domain, videos } of phantomDatasets(counts)) {
    const out = join(folder, name);
    const { made } = await makePhantomDataset({ out, domain, seed, videos }, (done, total) =>
      onVideo?.(name, done, total),
    );
    await uploadDataset(store, out, name);
    const labelled = videos.filter((video) => video.labelled).length;
    onDataset?.(name, { total: videos.length, labelled, made });
  }
}

function phantomDatasets({ source, target }: PhantomCounts): PhantomDataset[] {
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
