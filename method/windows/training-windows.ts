/** What training draws its samples from: windows of consecutive frames at full resolution (method.md 2). */
import * as tf from '@tensorflow/tfjs-core';
import { DomainError } from '../../ground/errors.ts';
import type { RandomStream } from '../../ground/random.ts';
import type { GreyVideo, LabelVideo } from '../../imaging/image.ts';
import { labelsToLearnFrom } from './labels-to-learn-from.ts';
import { reflectedIndices } from './reflection.ts';

/** Preprocessed videos, read window by window, so that they need not all be in memory. */
export interface WindowSource {
  /** Number of videos. */
  readonly count: number;
  frames(index: number): number;
  rows(index: number): number;
  columns(index: number): number;
  /** Grey levels in [0, 1], [frames, rows, columns]. */
  window(index: number, startFrame: number, frames: number): Float32Array;
  /**
   * Brings windows of `frames` frames to hand, with their labels where there are any: they can then be asked for until
   * the next call. A source without it holds everything.
   */
  fetch?(places: readonly WindowPlace[], frames: number): Promise<void>;
}

export interface LabelledWindowSource extends WindowSource {
  /** Labels on the grid of `window`, UNKNOWN where nobody drew. */
  labels(index: number, startFrame: number, frames: number): Uint8Array;
  /** Frames of which anything is known, rising; all of them when undefined. */
  annotatedFrames(index: number): readonly number[] | undefined;
}

export interface WindowPlace {
  readonly video: number;
  readonly startFrame: number;
}

/** A random video and a random start in it, each start as likely as another. */
export function drawWindow(windows: WindowSource, frames: number, random: RandomStream): WindowPlace {
  const video = drawVideo(windows, random);
  return { video, startFrame: random.integer(startsIn(windows, video, frames)) };
}

/**
 * As `drawWindow`, of the starts whose window holds an annotated frame. The numbers drawn are the same where all are
 * annotated.
 */
export function drawLabelledWindow(
  windows: LabelledWindowSource,
  frames: number,
  random: RandomStream,
): WindowPlace {
  const video = drawVideo(windows, random);
  const all = startsIn(windows, video, frames);
  const annotated = windows.annotatedFrames(video);
  if (!annotated) return { video, startFrame: random.integer(all) };
  const starts = Array.from({ length: all }, (_, start) => start).filter((start) =>
    annotated.some((frame) => frame >= start && frame < start + frames),
  );
  return { video, startFrame: starts[random.integer(starts.length)]! };
}

function startsIn(windows: WindowSource, video: number, frames: number): number {
  return Math.max(1, windows.frames(video) - frames + 1);
}

function drawVideo(windows: WindowSource, random: RandomStream): number {
  if (windows.count < 1) {
    throw new DomainError(
      'DatasetInvalid',
      'training needs at least one video; its source holds none: check the split',
    );
  }
  return random.integer(windows.count);
}

/**
 * `count` places of one video, evenly spread over it from `first` on and round its end; a video with fewer starts than
 * that gives each of them once.
 */
export function spreadOver(
  windows: WindowSource,
  first: WindowPlace,
  count: number,
  frames: number,
): WindowPlace[] {
  const starts = startsIn(windows, first.video, frames);
  const places = Math.min(count, starts);
  return Array.from({ length: places }, (_, place) => ({
    video: first.video,
    startFrame: (first.startFrame + Math.floor((place * starts) / places)) % starts,
  }));
}

/** Where consecutive windows of `window` frames begin that together cover a video; the last of them ends with it. */
export function consecutiveStarts(frames: number, window: number): number[] {
  const last = Math.max(0, frames - window);
  const starts: number[] = [];
  for (let start = 0; start < last; start += window) starts.push(start);
  return [...starts, last];
}

/** Windows of one video, [places, frames, rows, columns, 1]. The caller disposes them. */
export function imageWindows(
  windows: WindowSource,
  places: readonly WindowPlace[],
  frames: number,
): tf.Tensor5D {
  return tf.tidy(() => tf.concat(places.map((place) => imageWindow(windows, place, frames))) as tf.Tensor5D);
}

/**
 * The window as [1, frames, rows, columns, 1]; a video shorter than it is continued by reflection. The caller disposes
 * it.
 */
export function imageWindow(windows: WindowSource, place: WindowPlace, frames: number): tf.Tensor5D {
  const { video } = place;
  const shape = [1, frames, windows.rows(video), windows.columns(video), 1] as const;
  return tf.tensor5d(windowImage(windows, place, frames), [...shape], 'float32');
}

/** The labels of `imageWindow`, int32 [1, frames, rows, columns]. The caller disposes them. */
export function labelWindow(windows: LabelledWindowSource, place: WindowPlace, frames: number): tf.Tensor4D {
  const { video } = place;
  const shape = [1, frames, windows.rows(video), windows.columns(video)] as const;
  return tf.tensor4d(windowLabels(windows, place, frames), [...shape], 'int32');
}

/** A copy of the grey levels of `imageWindow`, [frames, rows, columns]. */
export function windowImage(
  windows: WindowSource,
  { video, startFrame }: WindowPlace,
  frames: number,
): Float32Array {
  const available = Math.min(frames, windows.frames(video));
  const pixels = windows.rows(video) * windows.columns(video);
  return lengthen(windows.window(video, startFrame, available), available, frames, pixels);
}

/** A copy of the labels of `labelWindow`, [frames, rows, columns]. */
export function windowLabels(
  windows: LabelledWindowSource,
  { video, startFrame }: WindowPlace,
  frames: number,
): Int32Array {
  const available = Math.min(frames, windows.frames(video));
  const pixels = windows.rows(video) * windows.columns(video);
  const labels = Int32Array.from(windows.labels(video, startFrame, available));
  return lengthen(labels, available, frames, pixels);
}

/** Always a copy: the back end may keep the array that it is given, and a source may hand out a view of its video. */
function lengthen<Values extends Float32Array | Int32Array>(
  values: Values,
  available: number,
  frames: number,
  pixels: number,
): Values {
  const result = (values instanceof Float32Array
    ? new Float32Array(frames * pixels)
    : new Int32Array(frames * pixels)) as unknown as Values;
  reflectedIndices(0, frames, available).forEach((frame, t) => {
    result.set(values.subarray(frame * pixels, (frame + 1) * pixels), t * pixels);
  });
  return result;
}

/** Videos in memory as a source of windows. */
export function windowsOf(videos: readonly GreyVideo[]): WindowSource {
  return {
    count: videos.length,
    frames: (index) => videos[index]!.frames,
    rows: (index) => videos[index]!.rows,
    columns: (index) => videos[index]!.columns,
    window: (index, startFrame, frames) => {
      const { rows, columns, intensities } = videos[index]!;
      return intensities.subarray(startFrame * rows * columns, (startFrame + frames) * rows * columns);
    },
  };
}

/** Videos with their labels, in memory, as a source of windows. */
export function labelledWindowsOf(
  videos: readonly { readonly image: GreyVideo; readonly labels: LabelVideo }[],
): LabelledWindowSource {
  const known = videos.map(({ labels }) => labelsToLearnFrom(labels));
  return {
    ...windowsOf(videos.map(({ image }) => image)),
    annotatedFrames: (index) => videos[index]!.labels.annotatedFrames,
    labels: (index, startFrame, frames) => {
      const { rows, columns } = videos[index]!.labels;
      return known[index]!.subarray(startFrame * rows * columns, (startFrame + frames) * rows * columns);
    },
  };
}
