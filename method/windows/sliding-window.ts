/**
 * Inference over a video of any length (method.md 8): windows slide over the video reflected at both ends, their logits
 * are added up with Gaussian weights and divided by the weights. The sums live in one host array the size of the
 * result, and windows that would only see reflected frames are never computed.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { InferenceConfig } from '../../contracts/run-config.ts';
import { DomainError } from '../../ground/errors.ts';
import type { GreyVideo } from '../../imaging/image.ts';
import { batchesOf } from '../networks/batches.ts';
import { reflectedIndex } from './reflection.ts';

/** Weights are never smaller (method.md 8). */
const WEIGHT_FLOOR = 1e-3;

/**
 * The memory budget of a call of the predictor, in voxels: as many whole windows as fit go through together, at least
 * one. Small windows share a call's overhead; larger calls take more memory and no less time (docs/performance.md).
 */
const VOXELS_PER_CALL = 160_000;

export interface WindowConfig
  extends Pick<InferenceConfig, 'windowFrames' | 'overlap' | 'padFrames' | 'sigmaScale'> {
  /** In-plane size of a window; the whole image when left out. */
  readonly windowRows?: number;
  readonly windowColumns?: number;
}

/** Channels last: value (t, r, c, k) lies at ((t * rows + r) * columns + c) * channels + k. */
export interface ChannelVideo {
  readonly frames: number;
  readonly rows: number;
  readonly columns: number;
  readonly channels: number;
  readonly values: Float32Array;
}

/**
 * [windows, time, rows, columns, channels in] to [windows, time, rows, columns, channels out]; each window by itself.
 */
export type WindowPredictor = (windows: tf.Tensor5D) => tf.Tensor5D;

/** First positions of windows along an axis of at least a window's size: evenly spread, rounded half to even. */
export function windowStarts(size: number, window: number, overlap: number): number[] {
  const step = Math.max(window * (1 - overlap), 1);
  const count = Math.ceil((size - window) / step) + 1;
  if (count === 1) return [0];
  return Array.from({ length: count }, (_, i) => roundHalfToEven((i * (size - window)) / (count - 1)));
}

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** exp(-x^2 / 2 sigma^2) about the middle of an axis, sigma = sigmaScale * size. */
export function gaussianWeights(size: number, sigmaScale: number): Float64Array {
  const sigma = sigmaScale * size;
  return Float64Array.from({ length: size }, (_, i) =>
    Math.exp(-((i - (size - 1) / 2) ** 2) / (2 * sigma * sigma)),
  );
}

/** The weight of every voxel of a window, [time, rows, columns], floored at 1e-3. */
function weightMap(shape: readonly [number, number, number], sigmaScale: number): Float32Array {
  const [time, rows, columns] = shape.map((size) => gaussianWeights(size, sigmaScale)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const weights = new Float32Array(time.length * rows.length * columns.length);
  let i = 0;
  for (const t of time)
    for (const r of rows) for (const c of columns) weights[i++] = Math.max(t * r * c, WEIGHT_FLOOR);
  return weights;
}

/**
 * The weighted mean of the windows' predictions over a whole video, on the video's grid.
 *
 * A video shorter than a window in time is continued by reflection; in plane a window is at most the image.
 * @throws DomainError GeometryMismatch when the predictor changes the grid of a window; ConfigInvalid for an overlap of
 * 1.
 */
export function slideWindows(
  video: ChannelVideo,
  predict: WindowPredictor,
  config: WindowConfig,
): ChannelVideo {
  const { frames, rows, columns } = video;
  if (config.overlap >= 1) {
    throw new DomainError(
      'ConfigInvalid',
      'inference.overlap must be below 1: windows that overlap wholly never advance',
    );
  }
  const shape = [
    config.windowFrames,
    Math.min(config.windowRows ?? rows, rows),
    Math.min(config.windowColumns ?? columns, columns),
  ] as const;
  const padded = Math.max(frames + 2 * config.padFrames, config.windowFrames);
  // In the video's own time: negative starts lie in the reflection before it.
  const timeStarts = windowStarts(padded, shape[0], config.overlap)
    .map((start) => start - config.padFrames)
    .filter((start) => start < frames && start + shape[0] > 0);
  const rowStarts = windowStarts(rows, shape[1], config.overlap);
  const columnStarts = windowStarts(columns, shape[2], config.overlap);
  const places = timeStarts.flatMap((time) =>
    rowStarts.flatMap((row) => columnStarts.map((column) => [time, row, column] as const)),
  );

  const weights = weightMap(shape, config.sigmaScale);
  let sums: WeightedSums | undefined;
  const perCall = Math.max(1, Math.floor(VOXELS_PER_CALL / weights.length));
  const add = ({ places, values, channels }: Prediction): void => {
    const size = weights.length * channels;
    const target = sums ?? emptySums({ frames, rows, columns, channels });
    sums = target;
    places.forEach((place, index) => {
      const window = values.subarray(index * size, (index + 1) * size);
      addWindow(target, { place, shape, values: window, weights });
    });
  };
  // Reading the next windows and adding up the last ones goes on while a GPU computes; a processor computes within the
  // call of the predictor (docs/recorded-step.md).
  let computing: Computing | undefined;
  for (const { start, count } of batchesOf(places.length, perCall)) {
    const batch = places.slice(start, start + count);
    const input = readWindows(video, batch, shape);
    const finished = computing && predictionOf(computing);
    computing = {
      places: batch,
      given: [count, ...shape, video.channels],
      output: tf.tidy(() => predict(tf.tensor5d(input, [count, ...shape, video.channels]))),
    };
    if (finished) add(finished);
  }
  if (computing) add(predictionOf(computing));
  if (sums === undefined)
    throw new DomainError('DatasetInvalid', 'a video without frames cannot be predicted');
  return weightedMean(sums);
}

/**
 * The logits of a whole video [1, frames, rows, columns, channels] as one tensor, [1, frames, rows, columns, channels
 * out]. The caller disposes the result.
 * @throws DomainError as `slideWindows`; GeometryMismatch for more than one video.
 */
export function slidingWindowLogits(
  x: tf.Tensor5D,
  predict: WindowPredictor,
  config: WindowConfig,
): tf.Tensor5D {
  const [videos, frames, rows, columns, channels] = x.shape;
  if (videos !== 1) {
    throw new DomainError(
      'GeometryMismatch',
      `windows slide over one video at a time; found a batch of ${videos}`,
    );
  }
  const video = { frames, rows, columns, channels, values: x.dataSync<'float32'>() };
  const logits = slideWindows(video, predict, config);
  return tf.tensor5d(logits.values, [1, frames, rows, columns, logits.channels]);
}

/** The video as one channel; shares its memory. */
export function greyChannel(video: GreyVideo): ChannelVideo {
  const { frames, rows, columns, intensities } = video;
  return { frames, rows, columns, channels: 1, values: intensities };
}

type Triplet = readonly [number, number, number];

/** Windows that the predictor was given, and what it may still be computing. */
interface Computing {
  readonly places: readonly Triplet[];
  /** Shape of what it was given. */
  readonly given: readonly number[];
  readonly output: tf.Tensor5D;
}

/** What the predictor says of some windows, [places, time, rows, columns, channels]. */
interface Prediction {
  readonly places: readonly Triplet[];
  readonly values: Float32Array;
  readonly channels: number;
}

/** Waits for the prediction and frees it on the device. */
function predictionOf({ places, given, output }: Computing): Prediction {
  const values = output.dataSync<'float32'>();
  const { shape } = output;
  output.dispose();
  if (shape.some((length, axis) => axis < 4 && length !== given[axis])) {
    throw new DomainError(
      'GeometryMismatch',
      `the predictor of a sliding window was given [${given.join(', ')}] and returned [${shape.join(', ')}]: it must keep ` +
        'windows, time, rows and columns',
    );
  }
  return { places, values, channels: shape[4] };
}

function readWindows(video: ChannelVideo, places: readonly Triplet[], shape: Triplet): Float32Array {
  const size = shape[0] * shape[1] * shape[2] * video.channels;
  const windows = new Float32Array(places.length * size);
  places.forEach((place, index) => {
    readWindow(video, place, shape, windows.subarray(index * size, (index + 1) * size));
  });
  return windows;
}

function readWindow(
  video: ChannelVideo,
  [time, row, column]: Triplet,
  shape: Triplet,
  target: Float32Array,
): void {
  const { rows, columns, channels, values } = video;
  const line = shape[2] * channels;
  let at = 0;
  for (let t = 0; t < shape[0]; t++) {
    const frame = reflectedIndex(time + t, video.frames);
    for (let r = 0; r < shape[1]; r++) {
      const start = ((frame * rows + row + r) * columns + column) * channels;
      target.set(values.subarray(start, start + line), at);
      at += line;
    }
  }
}

/** Sums of what windows say, times their weights, over a whole video. */
interface WeightedSums extends ChannelVideo {
  /** Of every voxel. */
  readonly weights: Float32Array;
}

function emptySums(grid: Omit<ChannelVideo, 'values'>): WeightedSums {
  const weights = new Float32Array(grid.frames * grid.rows * grid.columns);
  return { ...grid, values: new Float32Array(weights.length * grid.channels), weights };
}

/** The sums over their weights, in place. */
function weightedMean({ weights, ...video }: WeightedSums): ChannelVideo {
  const { channels, values } = video;
  for (let voxel = 0; voxel < weights.length; voxel++) {
    const scale = 1 / weights[voxel]!;
    for (let k = 0; k < channels; k++) values[voxel * channels + k]! *= scale;
  }
  return video;
}

/** What a window says of the voxels that it covers; weights are those of a window's voxels. */
interface PlacedWindow {
  readonly place: Triplet;
  readonly shape: Triplet;
  readonly values: Float32Array;
  readonly weights: Float32Array;
}

function addWindow(video: WeightedSums, { place, shape, values: window, weights }: PlacedWindow): void {
  const [time, row, column] = place;
  const { values: sums, weights: weightSums, channels } = video;
  for (let t = Math.max(0, -time); t < shape[0] && time + t < video.frames; t++) {
    for (let r = 0; r < shape[1]; r++) {
      let from = (t * shape[1] + r) * shape[2];
      let to = ((time + t) * video.rows + row + r) * video.columns + column;
      for (let c = 0; c < shape[2]; c++, from++, to++) {
        const weight = weights[from]!;
        weightSums[to]! += weight;
        for (let k = 0; k < channels; k++) sums[to * channels + k]! += weight * window[from * channels + k]!;
      }
    }
  }
}
