/** All measures of one segmentation video, in the shape that `evaluate` reports. */

import type { LabelVideo } from '../imaging/image.ts';
import { anatomicalValidity } from './anatomy.ts';
import { clinicalMeasures } from './clinical.ts';
import type { VideoScore } from './evaluation.ts';
import { hausdorffMm } from './hausdorff.ts';
import { type BaseCorners, baseCorners } from './landmarks.ts';
import { compareMitralValve, mistakesIn } from './mitral-valve.ts';
import { diceOf } from './overlap.ts';
import { type FrameSurfaces, videoSurfaces } from './surfaces.ts';
import { temporalMeasures, temporalValidity } from './temporal.ts';

/**
 * Scores a prediction; without a reference only what needs none. Distances use the spacing of the prediction.
 * @throws GeometryMismatch when prediction and reference differ in frames, rows or columns.
 */
export function scoreVideo(
  id: string,
  prediction: LabelVideo,
  reference: LabelVideo | undefined,
): VideoScore {
  const clinical = clinicalMeasures(prediction);
  const surfaces = videoSurfaces(prediction);
  const bases = baseCorners(prediction);
  return {
    id,
    frames: prediction.frames,
    spacing: [...prediction.spacingMm],
    ...(reference && againstReference(prediction, reference, surfaces, bases)),
    anatomical: anatomicalValidity(prediction),
    temporal: temporalValidity(prediction, temporalMeasures(prediction, surfaces, bases)),
    clinical: {
      ...clinical,
      ejectionFraction: clinical.ejectionFraction ?? null,
      gls: clinical.gls ?? null,
    },
  };
}

function againstReference(
  prediction: LabelVideo,
  reference: LabelVideo,
  surfaces: readonly FrameSurfaces[],
  bases: (BaseCorners | undefined)[],
): Pick<Required<VideoScore>, 'dice' | 'hausdorffMm' | 'landmarks'> {
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
