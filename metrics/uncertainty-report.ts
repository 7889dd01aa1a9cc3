/** The measures of method.md 9.6 for a video, and over videos. */

import { annotatedFramesOfMap, annotatedPart } from '../imaging/annotation.ts';
import type { GreyVideo, LabelVideo } from '../imaging/image.ts';
import type { UncertaintyReport, UncertaintyScores, VideoScore } from './evaluation.ts';
import { requireSameGrid } from './hausdorff.ts';
import {
  adaptiveCalibrationError,
  foregroundConfidence,
  greatestGap,
  meanGap,
  mutualInformation,
  pearsonCorrelation,
  type ReliabilityBin,
  reliabilityDiagram,
} from './uncertainty.ts';

export interface VideoUncertainty {
  readonly scores: UncertaintyScores;
  readonly reliability: readonly ReliabilityBin[];
}

/**
 * Scores a confidence map, values in [0, 1], on the pixels where prediction or reference is foreground, in what the
 * reference knows. Without such pixels all errors are 0.
 * @throws GeometryMismatch when the three do not lie on one grid.
 */
export function scoreUncertainty(
  prediction: LabelVideo,
  reference: LabelVideo,
  map: GreyVideo,
): VideoUncertainty {
  requireSameGrid(prediction, reference);
  requireSameGrid(prediction, map, 'confidence map');
  const { confidence, correct } = foregroundConfidence(
    annotatedPart(prediction, reference),
    annotatedPart(reference, reference),
    annotatedFramesOfMap(map, reference),
  );
  const reliability = reliabilityDiagram(confidence, correct);
  // Of correctness and confidence it is that of error and uncertainty: 1 - x renames the values, no more.
  const { nats, normalised } = mutualInformation(correct, confidence);
  const total = reliability.reduce((sum, bin) => sum + bin.meanConfidence * bin.count, 0);
  return {
    reliability,
    scores: {
      ece: meanGap(reliability),
      mce: greatestGap(reliability),
      ace: adaptiveCalibrationError(confidence, correct),
      mutualInformation: nats,
      normalisedMutualInformation: normalised,
      meanUncertainty: confidence.length > 0 ? 1 - total / confidence.length : 0,
      pixels: confidence.length,
    },
  };
}

/** The bins of several diagrams with the same edges as one diagram. */
function pooled(diagrams: readonly (readonly ReliabilityBin[])[]): ReliabilityBin[] {
  const bins = new Map<number, ReliabilityBin>();
  for (const bin of diagrams.flat()) {
    const known = bins.get(bin.from) ?? { ...bin, count: 0 };
    const count = known.count + bin.count;
    const mixed = (a: number, b: number) => (a * known.count + b * bin.count) / count;
    bins.set(bin.from, {
      ...bin,
      count,
      meanConfidence: mixed(known.meanConfidence, bin.meanConfidence),
      accuracy: mixed(known.accuracy, bin.accuracy),
    });
  }
  return [...bins.values()].sort((a, b) => a.from - b.from);
}

/** Means over the videos that have uncertainty scores, and their pixels pooled; undefined when none has. */
export function summariseUncertainty(
  videos: readonly { readonly score: VideoScore; readonly reliability?: readonly ReliabilityBin[] }[],
): UncertaintyReport | undefined {
  const scored = videos.flatMap(({ score, reliability }) =>
    score.uncertainty && reliability ? [{ ...score.uncertainty, dice: score.dice?.mean, reliability }] : [],
  );
  if (scored.length === 0) return undefined;
  const mean = (
    name: 'ece' | 'mce' | 'ace' | 'mutualInformation' | 'normalisedMutualInformation' | 'meanUncertainty',
  ) => scored.reduce((sum, video) => sum + video[name], 0) / scored.length;
  const reliability = pooled(scored.map((video) => video.reliability));
  // A reference that knows one structure alone gives no mean of two.
  const withDice = scored.filter(({ dice }) => dice !== undefined);
  const correlation = pearsonCorrelation(
    withDice.map((video) => video.meanUncertainty),
    withDice.map((video) => video.dice!),
  );
  return {
    ece: mean('ece'),
    mce: mean('mce'),
    ace: mean('ace'),
    mutualInformation: mean('mutualInformation'),
    normalisedMutualInformation: mean('normalisedMutualInformation'),
    meanUncertainty: mean('meanUncertainty'),
    videos: scored.length,
    correlation: correlation ?? null,
    pooled: {
      ece: meanGap(reliability),
      mce: greatestGap(reliability),
      pixels: scored.reduce((sum, video) => sum + video.pixels, 0),
      reliability,
    },
  };
}
