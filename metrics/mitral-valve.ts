/**
 * Mistakes per cardiac cycle at the mitral valve (method.md 9.4): frames where a base corner of the prediction is far
 * from that of the reference.
 */
import { LEFT_VENTRICLE } from '../ground/labels.ts';
import type { LabelVideo } from '../imaging/image.ts';
import { type CardiacCycles, estimateCycles } from './cycles.ts';
import { requireSameGrid } from './hausdorff.ts';
import { baseCorners, type Point } from './landmarks.ts';

/** Distances between corresponding corners in one frame, in columns (mm over the column spacing). */
export interface CornerDistances {
  readonly left: number;
  readonly right: number;
}

export interface MitralValveComparison {
  /** By frame; undefined where a corner of prediction or reference cannot be found. */
  readonly distances: readonly (CornerDistances | undefined)[];
  /** Cycles of the reference. */
  readonly cycles: CardiacCycles;
  readonly columnSpacingMm: number;
}

/** Pixels of left ventricle in every frame. */
export function ventriclePixels(video: LabelVideo): Int32Array {
  const pixels = video.rows * video.columns;
  const area = new Int32Array(video.frames);
  for (let t = 0; t < video.frames; t++) {
    const labels = video.labels.subarray(t * pixels, (t + 1) * pixels);
    const last = labels.lastIndexOf(LEFT_VENTRICLE);
    let count = 0;
    for (let i = Math.max(0, labels.indexOf(LEFT_VENTRICLE)); i <= last; i++) {
      if (labels[i] === LEFT_VENTRICLE) count++;
    }
    area[t] = count;
  }
  return area;
}

/**
 * Corner distances of every frame; spacing is the prediction's, whose corners may be given where they are known.
 * @throws GeometryMismatch when frames, rows or columns differ.
 */
export function compareMitralValve(
  prediction: LabelVideo,
  reference: LabelVideo,
  predicted = baseCorners(prediction),
): MitralValveComparison {
  requireSameGrid(prediction, reference);
  const [rowSpacing, columnSpacing] = prediction.spacingMm;
  // In columns, so that pixels of equal sides give exact pixel distances, as the reference compares them.
  const aspect = rowSpacing / columnSpacing;
  const away = (a: Point, b: Point) => Math.sqrt(((a[0] - b[0]) * aspect) ** 2 + (a[1] - b[1]) ** 2);
  const distances = baseCorners(reference).map((theirs, t) => {
    const ours = predicted[t];
    return theirs && ours && { left: away(ours.left, theirs.left), right: away(ours.right, theirs.right) };
  });
  return { distances, cycles: estimateCycles(ventriclePixels(reference)), columnSpacingMm: columnSpacing };
}

/** Frames with a corner farther than `thresholdMm`, or without corners, per cardiac cycle of the reference. */
export function mistakesIn(comparison: MitralValveComparison, thresholdMm: number): number {
  const most = thresholdMm / comparison.columnSpacingMm;
  const wrong = comparison.distances.filter(
    (pair) => pair === undefined || pair.left > most || pair.right > most,
  );
  return wrong.length / comparison.cycles.cycles;
}

/**
 * Mistakes per cycle of a prediction.
 * @throws GeometryMismatch when frames, rows or columns differ.
 */
export function mistakesPerCycle(prediction: LabelVideo, reference: LabelVideo, thresholdMm: number): number {
  return mistakesIn(compareMitralValve(prediction, reference), thresholdMm);
}
