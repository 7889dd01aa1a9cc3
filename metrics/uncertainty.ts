/**
 * How well confidence tells right pixels from wrong ones (method.md 9.6). Bins of confidence are (low, high], with 0
 * in the first. `correct` is 1 where the prediction is right (soft values are allowed), confidence is in [0, 1].
 */

import { DomainError } from '../ground/errors.ts';
import { BACKGROUND } from '../ground/labels.ts';
import type { GreyVideo, LabelVideo } from '../imaging/image.ts';
import { requireSameGrid } from './hausdorff.ts';

const DEFAULT_BINS = 20;
/** Bins a side of the joint histogram behind the mutual information. */
const HISTOGRAM_BINS = 10;

/** One bar of a reliability diagram. */
export interface ReliabilityBin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly meanConfidence: number;
  readonly accuracy: number;
}

function requireSameLength(a: ArrayLike<number>, b: ArrayLike<number>): void {
  if (a.length === b.length) return;
  throw new DomainError(
    'GeometryMismatch',
    `Expected one value a pixel in both lists, found ${a.length} and ${b.length}.`,
  );
}

/** Upper edge of bin `k`, as numpy's linspace has it. */
function edge(k: number, bins: number): number {
  return k === bins ? 1 : k * (1 / bins);
}

function binOf(confidence: number, bins: number): number {
  let bin = Math.min(bins - 1, Math.max(0, Math.ceil(confidence * bins) - 1));
  // The product may round to the wrong side of an edge.
  while (bin > 0 && confidence <= edge(bin, bins)) bin--;
  while (bin < bins - 1 && confidence > edge(bin + 1, bins)) bin++;
  return bin;
}

/** Bars of the reliability diagram, empty bins left out. Bins have equal width. */
export function reliabilityDiagram(
  confidence: ArrayLike<number>,
  correct: ArrayLike<number>,
  bins: number = DEFAULT_BINS,
): ReliabilityBin[] {
  requireSameLength(confidence, correct);
  const counts = new Float64Array(bins);
  const confidences = new Float64Array(bins);
  const rights = new Float64Array(bins);
  for (let i = 0; i < confidence.length; i++) {
    const bin = binOf(confidence[i]!, bins);
    counts[bin]!++;
    confidences[bin]! += confidence[i]!;
    rights[bin]! += correct[i]!;
  }
  const diagram: ReliabilityBin[] = [];
  for (let k = 0; k < bins; k++) {
    const count = counts[k]!;
    if (count === 0) continue;
    diagram.push({
      from: edge(k, bins),
      to: edge(k + 1, bins),
      count,
      meanConfidence: confidences[k]! / count,
      accuracy: rights[k]! / count,
    });
  }
  return diagram;
}

/** Bars that hold the same number of pixels each (the first ones one more when it does not divide), by confidence. */
export function adaptiveReliability(
  confidence: ArrayLike<number>,
  correct: ArrayLike<number>,
  bins: number = DEFAULT_BINS,
): ReliabilityBin[] {
  requireSameLength(confidence, correct);
  const order = Uint32Array.from({ length: confidence.length }, (_, i) => i);
  order.sort((a, b) => confidence[a]! - confidence[b]! || a - b);
  const diagram: ReliabilityBin[] = [];
  let start = 0;
  for (let k = 0; k < bins; k++) {
    const count = Math.floor(order.length / bins) + (k < order.length % bins ? 1 : 0);
    if (count === 0) continue;
    let confidences = 0;
    let rights = 0;
    for (let i = start; i < start + count; i++) {
      confidences += confidence[order[i]!]!;
      rights += correct[order[i]!]!;
    }
    diagram.push({
      from: confidence[order[start]!]!,
      to: confidence[order[start + count - 1]!]!,
      count,
      meanConfidence: confidences / count,
      accuracy: rights / count,
    });
    start += count;
  }
  return diagram;
}

/** Mean distance of confidence and accuracy over the bars, weighted by pixels; 0 without pixels. */
export function meanGap(diagram: readonly ReliabilityBin[]): number {
  let pixels = 0;
  let gap = 0;
  for (const bin of diagram) {
    pixels += bin.count;
    gap += Math.abs(bin.meanConfidence - bin.accuracy) * bin.count;
  }
  return pixels === 0 ? 0 : gap / pixels;
}

/** Greatest distance of confidence and accuracy over the bars; 0 without bars. */
export function greatestGap(diagram: readonly ReliabilityBin[]): number {
  return diagram.reduce((most, bin) => Math.max(most, Math.abs(bin.meanConfidence - bin.accuracy)), 0);
}

/** ECE: mean distance of confidence and accuracy over bins, weighted by pixels; 0 without pixels. */
export function expectedCalibrationError(
  confidence: ArrayLike<number>,
  correct: ArrayLike<number>,
  bins: number = DEFAULT_BINS,
): number {
  return meanGap(reliabilityDiagram(confidence, correct, bins));
}

/** MCE: greatest distance of confidence and accuracy over bins; 0 without pixels. */
export function maximumCalibrationError(
  confidence: ArrayLike<number>,
  correct: ArrayLike<number>,
  bins: number = DEFAULT_BINS,
): number {
  return greatestGap(reliabilityDiagram(confidence, correct, bins));
}

/** ACE: as ECE over bins of equal pixel counts. */
export function adaptiveCalibrationError(
  confidence: ArrayLike<number>,
  correct: ArrayLike<number>,
  bins: number = DEFAULT_BINS,
): number {
  return meanGap(adaptiveReliability(confidence, correct, bins));
}

/** Greatest distance of confidence and accuracy over bins of equal pixel counts. */
export function maximumAdaptiveCalibrationError(
  confidence: ArrayLike<number>,
  correct: ArrayLike<number>,
  bins: number = DEFAULT_BINS,
): number {
  return greatestGap(adaptiveReliability(confidence, correct, bins));
}

/** Bin of each value among equal bins over the range of the values, the last one closed (numpy's histogram). */
function histogramBins(values: ArrayLike<number>): Uint8Array {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    low = Math.min(low, values[i]!);
    high = Math.max(high, values[i]!);
  }
  if (low === high) {
    low -= 0.5;
    high += 0.5;
  }
  const step = (high - low) / HISTOGRAM_BINS;
  const edges = Float64Array.from({ length: HISTOGRAM_BINS + 1 }, (_, k) =>
    k === HISTOGRAM_BINS ? high : k * step + low,
  );
  const result = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) {
    let bin = Math.min(HISTOGRAM_BINS - 1, Math.max(0, Math.floor((values[i]! - low) / step)));
    while (bin > 0 && values[i]! < edges[bin]!) bin--;
    while (bin < HISTOGRAM_BINS - 1 && values[i]! >= edges[bin + 1]!) bin++;
    result[i] = bin;
  }
  return result;
}

export interface MutualInformation {
  /** Natural logarithm. */
  readonly nats: number;
  /** 2 I / (H(error) + H(uncertainty)); 0 when both are constant. */
  readonly normalised: number;
}

/** Mutual information of two maps from their 10 x 10 joint histogram; 0 without pixels. */
export function mutualInformation(
  error: ArrayLike<number>,
  uncertainty: ArrayLike<number>,
): MutualInformation {
  requireSameLength(error, uncertainty);
  if (error.length === 0) return { nats: 0, normalised: 0 };
  const rows = histogramBins(error);
  const columns = histogramBins(uncertainty);
  const joint = new Float64Array(HISTOGRAM_BINS * HISTOGRAM_BINS);
  const ofError = new Float64Array(HISTOGRAM_BINS);
  const ofUncertainty = new Float64Array(HISTOGRAM_BINS);
  const weight = 1 / error.length;
  for (let i = 0; i < rows.length; i++) {
    joint[rows[i]! * HISTOGRAM_BINS + columns[i]!]!++;
    ofError[rows[i]!]!++;
    ofUncertainty[columns[i]!]!++;
  }
  let nats = 0;
  for (let k = 0; k < joint.length; k++) {
    if (joint[k] === 0) continue;
    const [a, b] = [Math.floor(k / HISTOGRAM_BINS), k % HISTOGRAM_BINS];
    nats += joint[k]! * weight * Math.log(joint[k]! / (ofError[a]! * ofUncertainty[b]! * weight));
  }
  const entropy = (counts: Float64Array) =>
    counts.reduce((sum, count) => (count > 0 ? sum - count * weight * Math.log(count * weight) : sum), 0);
  const total = entropy(ofError) + entropy(ofUncertainty);
  // Rounding reaches a little beyond what information can be.
  nats = Math.max(0, nats);
  return { nats, normalised: total > 0 ? Math.min(1, (2 * nats) / total) : 0 };
}

/** Pearson correlation in [-1, 1]; undefined for fewer than two pairs or a constant list. */
export function pearsonCorrelation(a: ArrayLike<number>, b: ArrayLike<number>): number | undefined {
  requireSameLength(a, b);
  const count = a.length;
  let meanA = 0;
  let meanB = 0;
  for (let i = 0; i < count; i++) {
    meanA += a[i]! / count;
    meanB += b[i]! / count;
  }
  let [aa, bb, ab] = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    aa += (a[i]! - meanA) ** 2;
    bb += (b[i]! - meanB) ** 2;
    ab += (a[i]! - meanA) * (b[i]! - meanB);
  }
  const scale = Math.sqrt(aa) * Math.sqrt(bb);
  return scale > 0 ? Math.min(1, Math.max(-1, ab / scale)) : undefined;
}

/**
 * Confidence and correctness of the pixels where prediction or reference is foreground, in memory order. `map` holds
 * the confidence of every pixel, values in [0, 1].
 * @throws GeometryMismatch when the three do not lie on one grid.
 */
export function foregroundConfidence(
  prediction: LabelVideo,
  reference: LabelVideo,
  map: GreyVideo,
): { confidence: Float32Array; correct: Uint8Array } {
  requireSameGrid(prediction, reference);
  requireSameGrid(prediction, map, 'confidence map');
  const confidence = map.intensities;
  const chosen = new Float32Array(confidence.length);
  const correct = new Uint8Array(confidence.length);
  let count = 0;
  for (let i = 0; i < confidence.length; i++) {
    const ours = prediction.labels[i]!;
    const theirs = reference.labels[i]!;
    if (ours === BACKGROUND && theirs === BACKGROUND) continue;
    chosen[count] = confidence[i]!;
    correct[count++] = ours === theirs ? 1 : 0;
  }
  return { confidence: chosen.slice(0, count), correct: correct.slice(0, count) };
}
