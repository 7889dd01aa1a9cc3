/**
 * nnU-Net's cross-validation folds: a network for each, trained on all videos but those of the fold. Folds are drawn by
 * patient; nnU-Net draws them by case.
 */
import { DomainError } from '../../ground/errors.ts';
import { randomStream, shuffled } from '../../ground/random.ts';
import type { LabelledWindowSource } from '../../method/windows/training-windows.ts';

export interface Fold {
  /** From 0. */
  readonly index: number;
  /** How many there are. */
  readonly of: number;
}

/** @throws DatasetInvalid with fewer patients than folds: a network would learn from nothing, or leave nobody out. */
export function requirePatients(patients: readonly string[], folds: number): void {
  const found = new Set(patients).size;
  if (found >= folds) return;
  throw new DomainError(
    'DatasetInvalid',
    `Expected at least ${folds} patients in the source's training split for ${folds} folds, found ${found}. Ask for fewer folds, or for none.`,
  );
}

/**
 * Indices of the videos that the network of a fold learns from, rising: those of all patients but the fold's, which are
 * as many as of another, or one less.
 * @param patients of each video
 */
export function videosOfFold(patients: readonly string[], { index, of }: Fold, seed: number): number[] {
  const order = shuffled([...new Set(patients)].sort(), randomStream(seed, 'nnunet', 'folds'));
  const left = new Set(order.filter((_, place) => place % of === index));
  return patients.flatMap((patient, video) => (left.has(patient) ? [] : [video]));
}

/** Some videos of a source, by their indices. */
export function onlyVideos(source: LabelledWindowSource, videos: readonly number[]): LabelledWindowSource {
  const at = (index: number): number => videos[index]!;
  return {
    count: videos.length,
    frames: (index) => source.frames(at(index)),
    rows: (index) => source.rows(at(index)),
    columns: (index) => source.columns(at(index)),
    annotatedFrames: (index) => source.annotatedFrames(at(index)),
    fetch: async (places, frames) => {
      const wanted = places.map(({ video, startFrame }) => ({ video: at(video), startFrame }));
      await source.fetch?.(wanted, frames);
    },
    window: (index, startFrame, frames) => source.window(at(index), startFrame, frames),
    labels: (index, startFrame, frames) => source.labels(at(index), startFrame, frames),
  };
}
