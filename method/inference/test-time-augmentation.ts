/**
 * Test-time augmentation (method.md 8): the mean probability over several views of a video, each undone before the
 * mean. A pixel that a view moved out of the image counts only the views that saw it.
 */
import type { InferenceConfig, TestTimeAugmentationConfig } from '../../contracts/run-config.ts';
import type { GreyVideo, VideoGeometry } from '../../imaging/image.ts';
import type { Predictor } from '../windows/window-predictor.ts';
import { policyProbabilities } from './predict-video.ts';

/**
 * Contrast factor, or how the image moves: whole pixels, degrees about its centre, or larger (above 1) or smaller about
 * it.
 */
export type View =
  | { readonly kind: 'contrast'; readonly factor: number }
  | { readonly kind: 'shift'; readonly rows: number; readonly columns: number }
  | { readonly kind: 'rotation'; readonly degrees: number }
  | { readonly kind: 'zoom'; readonly factor: number };

/**
 * The identity, then the contrasts, the shifts, the rotations and the zooms; published are 25 views. Shifts are given
 * in mm, so that a coarser grid shifts as far, and are whole pixels of the video, so that nothing is blurred.
 */
export function viewsOf(config: TestTimeAugmentationConfig, { spacingMm }: VideoGeometry): View[] {
  const pixels = (mm: number, axis: 0 | 1) => Math.round(mm / spacingMm[axis]);
  return [
    ...[1, ...config.contrasts].map((factor) => ({ kind: 'contrast', factor }) as const),
    ...config.shiftsMm.flatMap((mm) =>
      [
        [pixels(mm, 0), 0],
        [-pixels(mm, 0), 0],
        [0, pixels(mm, 1)],
        [0, -pixels(mm, 1)],
      ].map(([rows, columns]) => ({ kind: 'shift', rows: rows!, columns: columns! }) as const),
    ),
    ...config.rotationsDegrees.flatMap((angle) =>
      [angle, -angle].map((degrees) => ({ kind: 'rotation', degrees }) as const),
    ),
    ...config.zooms.map((factor) => ({ kind: 'zoom', factor }) as const),
  ];
}

/** Mean probabilities over all views, [frames, rows, columns, classes]. */
export function augmentedProbabilities(
  policy: Predictor,
  video: GreyVideo,
  config: InferenceConfig,
): Float32Array {
  const { frames, rows, columns } = video;
  const classes = policy.config.outputChannels;
  const sums = new Float32Array(video.intensities.length * classes);
  const weights = new Float32Array(video.intensities.length);
  const addView = (view: View): void => {
    const seen = policyProbabilities(policy, viewOf(video, view), config);
    if (view.kind === 'contrast') {
      for (let i = 0; i < sums.length; i++) sums[i]! += seen[i]!;
      for (let i = 0; i < weights.length; i++) weights[i]! += 1;
      return;
    }
    const undo = inverse(view);
    const covered = coverage(video, view);
    for (let i = 0; i < seen.length; i++) seen[i]! *= covered[Math.floor(i / classes)]!;
    warp(seen, { frames, rows, columns, channels: classes }, undo, sums);
    warp(covered, { frames, rows, columns, channels: 1 }, undo, weights);
  };
  for (const view of viewsOf(config.testTimeAugmentation, video)) {
    if (showsTheImage(view, video)) addView(view);
  }
  for (let i = 0; i < sums.length; i++) sums[i]! /= weights[Math.floor(i / classes)]!;
  return sums;
}

/** A shift out of the image shows nothing. */
function showsTheImage(view: View, { rows, columns }: GreyVideo): boolean {
  return view.kind !== 'shift' || (Math.abs(view.rows) < rows && Math.abs(view.columns) < columns);
}

/**
 * The video as a view shows it, on the same grid; what comes from outside the image is 0, as in the padding of
 * training.
 */
export function viewOf(video: GreyVideo, view: View): GreyVideo {
  const { intensities } = video;
  if (view.kind === 'contrast') {
    const mean = intensities.reduce((sum, value) => sum + value, 0) / intensities.length;
    const changed = intensities.map((value) => Math.min(Math.max(mean + view.factor * (value - mean), 0), 1));
    return { ...video, intensities: changed };
  }
  const moved = new Float32Array(intensities.length);
  warp(intensities, { ...video, channels: 1 }, view, moved);
  return { ...video, intensities: moved };
}

type Movement = Exclude<View, { kind: 'contrast' }>;

function inverse(view: Movement): Movement {
  if (view.kind === 'rotation') return { kind: 'rotation', degrees: -view.degrees };
  if (view.kind === 'zoom') return { kind: 'zoom', factor: 1 / view.factor };
  return { kind: 'shift', rows: -view.rows, columns: -view.columns };
}

/** How much of each pixel of a view lies inside the image. */
function coverage(video: GreyVideo, view: Movement): Float32Array {
  const covered = new Float32Array(video.intensities.length);
  warp(new Float32Array(covered.length).fill(1), { ...video, channels: 1 }, view, covered);
  return covered;
}

interface Grid {
  readonly frames: number;
  readonly rows: number;
  readonly columns: number;
  readonly channels: number;
}

/** Adds the moved values to `target`, bilinear between pixels; values from outside the image add nothing. */
function warp(values: Float32Array, grid: Grid, movement: Movement, target: Float32Array): void {
  const { rows, columns } = grid;
  const angle = movement.kind === 'rotation' ? (movement.degrees * Math.PI) / 180 : 0;
  const scale = movement.kind === 'zoom' ? 1 / movement.factor : 1;
  const [cosine, sine] = [scale * Math.cos(angle), scale * Math.sin(angle)];
  const [shiftRows, shiftColumns] = movement.kind === 'shift' ? [movement.rows, movement.columns] : [0, 0];
  const [centreRow, centreColumn] = [(rows - 1) / 2, (columns - 1) / 2];
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const fromRow = cosine * (r - centreRow) - sine * (c - centreColumn) + centreRow - shiftRows;
      const fromColumn = sine * (r - centreRow) + cosine * (c - centreColumn) + centreColumn - shiftColumns;
      for (const { row, column, weight } of neighboursOf(fromRow, fromColumn)) {
        if (weight === 0 || row < 0 || row >= rows || column < 0 || column >= columns) continue;
        const places = { from: row * columns + column, to: r * columns + c };
        addPixel(values, target, grid, places, weight);
      }
    }
  }
}

/** Adds one pixel of every frame, times `weight`, to another; places are those in a frame. */
function addPixel(
  values: Float32Array,
  target: Float32Array,
  { frames, rows, columns, channels }: Grid,
  { from, to }: { readonly from: number; readonly to: number },
  weight: number,
): void {
  for (let t = 0; t < frames; t++) {
    const frame = t * rows * columns;
    for (let k = 0; k < channels; k++)
      target[(frame + to) * channels + k]! += weight * values[(frame + from) * channels + k]!;
  }
}

/** The pixels around a position, with their shares of it in bilinear interpolation. */
function neighboursOf(atRow: number, atColumn: number): { row: number; column: number; weight: number }[] {
  const row = Math.floor(atRow);
  const column = Math.floor(atColumn);
  return corners.map(([dr, dc]) => ({
    row: row + dr,
    column: column + dc,
    weight: (1 - Math.abs(atRow - row - dr)) * (1 - Math.abs(atColumn - column - dc)),
  }));
}

const corners = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
] as const;
