/** The few numbers that an evaluation comes down to, as the run carries them. */
import type { EvaluationNumbers } from '../../contracts/results.ts';
import type { EvaluationReport, EvaluationSummary } from '../../metrics/evaluation.ts';

/** @param summary of one video or more, which have verdicts */
export function evaluationNumbers(summary: EvaluationSummary): EvaluationNumbers {
  const { videos, anatomicalValidity, temporalValidity, dice, hausdorffMm, mistakesPerCycle5mm } = summary;
  return {
    videos,
    anatomicalValidity: anatomicalValidity!,
    temporalValidity: temporalValidity!,
    ...(dice?.mean !== undefined && { dice: dice.mean }),
    ...(dice?.lv !== undefined && { diceLv: dice.lv }),
    ...(dice?.myo !== undefined && { diceMyo: dice.myo }),
    ...(hausdorffMm?.mean !== undefined && { hausdorffMm: hausdorffMm.mean }),
    ...(mistakesPerCycle5mm !== undefined && { mistakesPerCycle5mm }),
  };
}

/** Share of all frames that are anatomically valid and carry no temporal flag, in [0, 1]. */
export function shareOfValidFrames({ videos }: Pick<EvaluationReport, 'videos'>): number {
  let frames = 0;
  let bad = 0;
  for (const video of videos) {
    frames += video.frames;
    bad += new Set([...video.anatomical.invalidFrames, ...video.temporal.flaggedFrames]).size;
  }
  return (frames - bad) / frames;
}
