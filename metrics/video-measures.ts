/**
 * What results say of one segmentation (method.md 9.2 to 9.5), frame by frame and of the whole video: areas, length and
 * volume of the ventricle, phases of the heart, verdicts and uncertainty. What cannot be measured is undefined.
 */
import { BACKGROUND } from '../ground/labels.ts';
import { type GreyVideo, type LabelVideo, labelFrame } from '../imaging/image.ts';
import { anatomicalValidity } from './anatomy.ts';
import { clinicalMeasures, singlePlaneVolumeMl, ventricleDiscs } from './clinical.ts';
import { type CardiacCycles, estimateCycles } from './cycles.ts';
import {
  type AnatomicalCriterionName,
  type TemporalMeasureName,
  temporalMeasureNames,
} from './evaluation.ts';
import { requireSameGrid } from './hausdorff.ts';
import { bridgedArea } from './lost-ventricle.ts';
import { ventriclePixels } from './mitral-valve.ts';
import {
  landmarkFreeMeasures,
  type TemporalValidity,
  temporalMeasures,
  temporalValidity,
  temporalValidityAtFrameRate,
} from './temporal.ts';

/** `ed` and `es`: the area of the ventricle is at a peak or in a valley of a beat. */
export type HeartPhase = 'ed' | 'es';

export interface FrameMeasures {
  /** From 0. */
  readonly frame: number;
  /** Since the first frame. */
  readonly timeMs: number;
  readonly phase: HeartPhase | undefined;
  readonly lvAreaMm2: number;
  readonly myoAreaMm2: number;
  /** From the middle of the base to the apex; undefined where either cannot be found. */
  readonly lvLengthMm: number | undefined;
  /** Method of discs, single plane; undefined where base or apex cannot be found. */
  readonly lvVolumeMl: number | undefined;
  /** First anatomical criterion that fails; undefined for a valid frame. */
  readonly anatomicalFailure: AnatomicalCriterionName | undefined;
  /** Measures that jump at this frame, by the published thresholds. */
  readonly temporalFlags: readonly TemporalMeasureName[];
  /** The same by thresholds that know the frame rate. */
  readonly temporalFlagsAtFrameRate: readonly TemporalMeasureName[];
  /**
   * Mean of 1 - confidence over the segmented pixels, in [0, 1]; undefined without a confidence map or a segmented
   * pixel.
   */
  readonly meanUncertainty: number | undefined;
}

export interface VideoMeasures {
  /** Frame with the largest ventricle, from 0. */
  readonly edFrame: number;
  /** Frame with the smallest ventricle, from 0. */
  readonly esFrame: number;
  /** Frames without a ventricle, or with a speck of it, rising: they are neither of the two, nor a phase of a beat. */
  readonly lostFrames: readonly number[];
  /** At `edFrame` and `esFrame`, method of discs, single plane. */
  readonly edVolumeMl: number | undefined;
  readonly esVolumeMl: number | undefined;
  /** Share of the end-diastolic volume that is ejected. */
  readonly ejectionFraction: number | undefined;
  /** Share by which the endocardium shortens from end-diastole to end-systole, negative when it does. */
  readonly gls: number | undefined;
  /** Beats, at least 1. */
  readonly cycles: number;
  readonly anatomicallyValid: boolean;
  readonly temporallyValid: boolean;
  readonly temporallyValidAtFrameRate: boolean;
  /** Over the segmented pixels of all frames; undefined as of a frame. */
  readonly meanUncertainty: number | undefined;
  readonly frames: readonly FrameMeasures[];
}

/**
 * Measures a segmentation.
 * @param confidence in [0, 1] on the same grid: how likely each pixel's label is right.
 * @throws DomainError GeometryMismatch when the confidence lies on another grid.
 */
export function videoMeasures(labels: LabelVideo, confidence?: GreyVideo): VideoMeasures {
  const jumps = temporalMeasures(labels);
  const anatomical = anatomicalValidity(labels);
  const temporal = temporalValidity(labels, jumps);
  const atFrameRate = temporalValidityAtFrameRate(labels, jumps);
  const { lvArea, myoArea } = landmarkFreeMeasures(labels);
  const { edFrame, esFrame, lostFrames, ejectionFraction, gls } = clinicalMeasures(labels);
  const beats = estimateCycles(bridgedArea(ventriclePixels(labels), lostFrames));
  const uncertainty = confidence && uncertaintyByFrame(labels, confidence);
  const frames = Array.from({ length: labels.frames }, (_, t): FrameMeasures => {
    const discs = ventricleDiscs(labelFrame(labels, t));
    return {
      frame: t,
      timeMs: t * labels.frameTimeMs,
      phase: lostFrames.includes(t) ? undefined : phaseAt(beats, t),
      lvAreaMm2: lvArea[t]!,
      myoAreaMm2: myoArea[t]!,
      lvLengthMm: discs?.lengthMm,
      lvVolumeMl: discs && singlePlaneVolumeMl(discs),
      anatomicalFailure: anatomical.failures[t],
      temporalFlags: flagsAt(temporal, t),
      temporalFlagsAtFrameRate: flagsAt(atFrameRate, t),
      meanUncertainty: uncertainty && meanOf([uncertainty[t]!]),
    };
  });
  return {
    edFrame,
    esFrame,
    lostFrames,
    edVolumeMl: frames[edFrame]?.lvVolumeMl,
    esVolumeMl: frames[esFrame]?.lvVolumeMl,
    ejectionFraction,
    gls,
    cycles: beats.cycles,
    anatomicallyValid: anatomical.valid,
    temporallyValid: temporal.valid,
    temporallyValidAtFrameRate: atFrameRate.valid,
    meanUncertainty: uncertainty && meanOf(uncertainty),
    frames,
  };
}

/** Frames with something to look at: not valid as anatomy, or a jump by thresholds that know the frame rate. */
export function flaggedFrames({ frames }: VideoMeasures): number[] {
  return frames
    .filter(
      ({ anatomicalFailure, temporalFlagsAtFrameRate }) =>
        anatomicalFailure !== undefined || temporalFlagsAtFrameRate.length > 0,
    )
    .map(({ frame }) => frame);
}

function phaseAt({ peaks, valleys }: CardiacCycles, frame: number): HeartPhase | undefined {
  if (peaks.includes(frame)) return 'ed';
  return valleys.includes(frame) ? 'es' : undefined;
}

function flagsAt({ failures }: TemporalValidity, frame: number): TemporalMeasureName[] {
  return temporalMeasureNames.filter((name) => failures[name]?.includes(frame));
}

interface Uncertainty {
  readonly sum: number;
  readonly pixels: number;
}

function uncertaintyByFrame(labels: LabelVideo, confidence: GreyVideo): Uncertainty[] {
  requireSameGrid(labels, confidence, 'confidence map');
  const size = labels.rows * labels.columns;
  return Array.from({ length: labels.frames }, (_, t) => {
    let sum = 0;
    let pixels = 0;
    for (let i = t * size; i < (t + 1) * size; i++) {
      if (labels.labels[i] === BACKGROUND) continue;
      sum += 1 - confidence.intensities[i]!;
      pixels++;
    }
    return { sum, pixels };
  });
}

function meanOf(parts: readonly Uncertainty[]): number | undefined {
  const pixels = parts.reduce((count, part) => count + part.pixels, 0);
  return pixels === 0 ? undefined : parts.reduce((sum, part) => sum + part.sum, 0) / pixels;
}
