/** All measures of one segmentation video, in the shape that `evaluate` reports. */

import { LEFT_VENTRICLE, MYOCARDIUM } from '../ground/labels.ts';
import {
  annotatedFramesOf,
  annotatedLabelsOf,
  annotatedPart,
  isFullyAnnotated,
} from '../imaging/annotation.ts';
import type { LabelVideo } from '../imaging/image.ts';
import { anatomicalValidity } from './anatomy.ts';
import { clinicalMeasures } from './clinical.ts';
import type { VideoScore } from './evaluation.ts';
import { hausdorffMm, requireSameGrid } from './hausdorff.ts';
import { type BaseCorners, baseCorners } from './landmarks.ts';
import { compareMitralValve, mistakesIn } from './mitral-valve.ts';
import { diceOf } from './overlap.ts';
import { type FrameSurfaces, videoSurfaces } from './surfaces.ts';
import { temporalMeasures, temporalValidity, temporalValidityAtFrameRate } from './temporal.ts';

/**
 * Scores a prediction; without a reference only what needs none. Distances use the spacing of the prediction. Of a
 * reference that knows some frames or structures alone, only these are scored: what nobody drew is no mistake.
 * @throws GeometryMismatch when prediction and reference differ in frames, rows or columns.
 */
export function scoreVideo(
  id: string,
  prediction: LabelVideo,
  reference: LabelVideo | undefined,
): VideoScore {
  const { lostFrames, ...clinical } = clinicalMeasures(prediction);
  const surfaces = videoSurfaces(prediction);
  const bases = baseCorners(prediction);
  const measures = temporalMeasures(prediction, surfaces, bases);
  return {
    id,
    frames: prediction.frames,
    spacing: [...prediction.spacingMm],
    ...(reference && againstReference(prediction, reference, surfaces, bases)),
    anatomical: anatomicalValidity(prediction),
    temporal: temporalValidity(prediction, measures),
    temporalAtFrameRate: temporalValidityAtFrameRate(prediction, measures),
    clinical: {
      ...clinical,
      ejectionFraction: clinical.ejectionFraction ?? null,
      gls: clinical.gls ?? null,
      ...(lostFrames.length > 0 && { lostFrames: [...lostFrames] }),
    },
  };
}

function againstReference(
  prediction: LabelVideo,
  reference: LabelVideo,
  surfaces: readonly FrameSurfaces[],
  bases: (BaseCorners | undefined)[],
): Pick<VideoScore, 'dice' | 'hausdorffMm' | 'landmarks' | 'annotated'> {
  requireSameGrid(prediction, reference);
  if (!isFullyAnnotated(reference)) return againstPart(prediction, reference);
  const valve = compareMitralValve(prediction, reference, bases);
  return {
    dice: diceOf(prediction, reference),
    hausdorffMm: hausdorffMm(prediction, reference, surfaces),
    landmarks: {
      mistakesPerCycle5mm: mistakesIn(valve, 5),
      mistakesPerCycle7_5mm: mistakesIn(valve, 7.5),
      cycles: valve.cycles.cycles,
    },
  };
}

/** Without landmarks: mistakes per cycle need every frame, and corners need both structures. */
function againstPart(
  prediction: LabelVideo,
  reference: LabelVideo,
): Pick<VideoScore, 'dice' | 'hausdorffMm' | 'annotated'> {
  const ours = annotatedPart(prediction, reference);
  const theirs = annotatedPart(reference, reference);
  const known = annotatedLabelsOf(reference);
  const onlyKnown = <Scores extends Record<'lv' | 'myo' | 'epi' | 'mean', number>>(scores: Scores) => {
    const hasVentricle = known.includes(LEFT_VENTRICLE);
    const hasMyocardium = known.includes(MYOCARDIUM);
    if (hasVentricle && hasMyocardium) return scores;
    return { ...(hasVentricle && { lv: scores.lv }), ...(hasMyocardium && { myo: scores.myo }) };
  };
  return {
    dice: onlyKnown(diceOf(ours, theirs)),
    hausdorffMm: onlyKnown(hausdorffMm(ours, theirs)),
    annotated: {
      frames: [...annotatedFramesOf(reference)],
      structures: [
        ...(known.includes(LEFT_VENTRICLE) ? (['lv'] as const) : []),
        ...(known.includes(MYOCARDIUM) ? (['myo'] as const) : []),
      ],
    },
  };
}
