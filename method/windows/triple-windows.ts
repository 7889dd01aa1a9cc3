/** Where a reward fit takes its examples from: triples by index, split by study, cut into windows of a few frames. */
import * as tf from '@tensorflow/tfjs-core';
import type { RewardFitConfig } from '../../contracts/run-config.ts';
import { DomainError } from '../../ground/errors.ts';
import { type RandomStream, randomStream, shuffled } from '../../ground/random.ts';

/** One stored triple (method.md 4.3); the arrays have shape [frames, rows, columns]. */
export interface StoredTriple {
  readonly image: Float32Array;
  readonly segmentation: Uint8Array;
  /**
   * In [0, 1]: 1 where the segmentation is right, 0 where it is wrong, anything between in the labels of method.md 5.2.
   */
  readonly correct: Uint8Array | Float32Array;
  readonly frames: number;
  readonly rows: number;
  readonly columns: number;
}

/** All triples of a fit, read window by window because together they do not fit into memory. */
export interface TripleSource {
  readonly count: number;
  /** Study (patient) of a triple, known without loading it. */
  studyOf(index: number): string;
  /** Frames of a triple, known without loading it. */
  framesOf(index: number): number;
  /** Consecutive frames of a triple. */
  load(index: number, startFrame: number, frames: number): StoredTriple;
  /**
   * Brings a window to hand: it can then be asked for until the next call. A source without it holds everything.
   * @returns false when the triple turns out to be unusable: it is then set aside, and another is to be taken
   */
  fetch?(place: TriplePlace, frames: number): Promise<boolean>;
  /** Whether a triple was found to be unusable; none is where it is left out. */
  isSetAside?(index: number): boolean;
}

export interface TriplePlace {
  readonly triple: number;
  readonly startFrame: number;
}

/** Indices of triples; no study is in two of them unless there are fewer than three studies. */
export interface TripleSplit {
  readonly training: readonly number[];
  readonly validation: readonly number[];
  readonly test: readonly number[];
  /** False when there were too few studies to hold any out, and all three are the same triples. */
  readonly heldOut: boolean;
}

/**
 * Splits triples by study, once, by seed (method.md 12): at least one study each for validation and test.
 * @throws DatasetInvalid when there are no triples.
 */
export function splitTriples(
  source: TripleSource,
  config: Pick<RewardFitConfig, 'validationShare' | 'testShare'>,
  seed: number,
): TripleSplit {
  if (source.count === 0) {
    throw new DomainError(
      'DatasetInvalid',
      'There is no triple to fit a reward network on: reward labelling rejected every video. Lower labelling.agreement, ' +
        'or start from a better policy.',
    );
  }
  const indices = Array.from({ length: source.count }, (_, index) => index);
  const studies = [...new Set(indices.map((index) => source.studyOf(index)))].sort();
  if (studies.length < 3) return { training: indices, validation: indices, test: indices, heldOut: false };
  const order = shuffled(studies, randomStream(seed, 'reward-fit-split'));
  const wanted = (share: number) => Math.max(1, Math.round(share * studies.length));
  const validationCount = Math.min(wanted(config.validationShare), studies.length - 2);
  const testCount = Math.min(wanted(config.testShare), studies.length - 1 - validationCount);
  const validationStudies = new Set(order.slice(0, validationCount));
  const testStudies = new Set(order.slice(validationCount, validationCount + testCount));
  const validation = indices.filter((index) => validationStudies.has(source.studyOf(index)));
  const test = indices.filter((index) => testStudies.has(source.studyOf(index)));
  const held = new Set([...validation, ...test]);
  return { training: indices.filter((index) => !held.has(index)), validation, test, heldOut: true };
}

/** Consecutive frames of one triple as tensors of a batch of one; the owner disposes it. */
export interface TripleWindow {
  /** [1, frames, rows, columns, 1] */
  readonly image: tf.Tensor5D;
  /** [1, frames, rows, columns] */
  readonly labelMap: tf.Tensor4D;
  /** [1, frames, rows, columns], float32, 1 = right. */
  readonly correct: tf.Tensor4D;
  /** Host copies of the same pixels. */
  readonly host: { readonly segmentation: Uint8Array; readonly correct: Float32Array };
}

/**
 * The triple at a position, or the next one that is not set aside: of these triples, once around, and where none of
 * them is left, of the whole source. So a triple that is lost in the middle of a fit changes neither splits nor counts.
 * @throws DatasetInvalid when none is left.
 */
export function usableTriple(source: TripleSource, triples: readonly number[], position: number): number {
  const { isSetAside = () => false } = source;
  for (let passed = 0; passed < triples.length; passed++) {
    const triple = triples[(position + passed) % triples.length]!;
    if (!isSetAside.call(source, triple)) return triple;
  }
  for (let triple = 0; triple < source.count; triple++) {
    if (!isSetAside.call(source, triple)) return triple;
  }
  throw new DomainError(
    'DatasetInvalid',
    `None of the ${source.count} triples of the reward fit can be read any more; the quarantine of the run has the reasons. Restore what is damaged in the store and resume the run, or start a new one.`,
  );
}

/** A random start in a triple, each as likely as another. */
export function drawTripleWindow(
  source: TripleSource,
  triple: number,
  frames: number,
  random: RandomStream,
): TriplePlace {
  return { triple, startFrame: random.integer(Math.max(source.framesOf(triple) - frames, 0) + 1) };
}

/** The window of `frames` consecutive frames at a place; a shorter triple repeats its last frame. */
export function tripleWindow(
  source: TripleSource,
  { triple: index, startFrame }: TriplePlace,
  frames: number,
): TripleWindow {
  const available = Math.min(frames, source.framesOf(index));
  const triple = source.load(index, startFrame, available);
  const { rows, columns } = triple;
  const pixels = rows * columns;
  const image = new Float32Array(frames * pixels);
  const segmentation = new Uint8Array(frames * pixels);
  const correct = new Float32Array(frames * pixels);
  for (let t = 0; t < frames; t++) {
    const from = Math.min(t, available - 1) * pixels;
    image.set(triple.image.subarray(from, from + pixels), t * pixels);
    segmentation.set(triple.segmentation.subarray(from, from + pixels), t * pixels);
    correct.set(triple.correct.subarray(from, from + pixels), t * pixels);
  }
  return {
    image: tf.tensor5d(image, [1, frames, rows, columns, 1]),
    labelMap: tf.tensor4d(Int32Array.from(segmentation), [1, frames, rows, columns], 'int32'),
    // A copy: the back end may keep the array that it is given.
    correct: tf.tensor4d(correct.slice(), [1, frames, rows, columns]),
    host: { segmentation, correct },
  };
}

/** Triples in memory as a source. */
export function triplesOf(triples: readonly (StoredTriple & { readonly study: string })[]): TripleSource {
  return {
    count: triples.length,
    studyOf: (index) => triples[index]!.study,
    framesOf: (index) => triples[index]!.frames,
    load(index, startFrame, frames) {
      const { image, segmentation, correct, rows, columns } = triples[index]!;
      const [from, to] = [startFrame * rows * columns, (startFrame + frames) * rows * columns];
      return {
        image: image.subarray(from, to),
        segmentation: segmentation.subarray(from, to),
        correct: correct.subarray(from, to),
        frames,
        rows,
        columns,
      };
    },
  };
}

/** Frees the tensors of a window. */
export function disposeWindow(window: TripleWindow): void {
  tf.dispose([window.image, window.labelMap, window.correct]);
}
