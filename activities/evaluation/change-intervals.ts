/** How far an adaptation's gain on its test videos can be told from chance. */
import type { ChangeIntervals } from '../../contracts/results.ts';
import { randomStream } from '../../ground/random.ts';
import type { VideoScore } from '../../metrics/evaluation.ts';
import { eachMeasure } from '../../metrics/measures.ts';
import { nestedBootstrapMean } from '../../metrics/nested-bootstrap.ts';

/**
 * 95 % bootstrap intervals of after - before, each video against itself and patients drawn whole; measures that no
 * video has on both sides are left out. The same scores always give the same intervals.
 * @param studies of the videos; one that is not in it is a patient of its own.
 */
export function changeIntervals(
  before: readonly VideoScore[],
  after: readonly VideoScore[],
  studies: Readonly<Record<string, string>>,
): ChangeIntervals {
  const earlier = new Map(before.map((score) => [score.id, score]));
  const { dice, hausdorffMm, anatomicalValidity, temporalValidity, mistakesPerCycle5mm } = eachMeasure(
    (measure, name) => {
      const values = after.flatMap((score) => {
        const was = earlier.get(score.id);
        const [old, now] = [was && measure(was), measure(score)];
        if (typeof old !== 'number' || typeof now !== 'number') return [];
        return [{ seed: 0, patient: studies[score.id] ?? score.id, value: now - old }];
      });
      if (values.length === 0) return undefined;
      const { low, high } = nestedBootstrapMean(values, randomStream(0, 'change', name));
      return { low, high };
    },
  );
  return {
    ...(anatomicalValidity && { anatomicalValidity }),
    ...(temporalValidity && { temporalValidity }),
    ...(dice?.mean && { dice: dice.mean }),
    ...(dice?.lv && { diceLv: dice.lv }),
    ...(dice?.myo && { diceMyo: dice.myo }),
    ...(hausdorffMm?.mean && { hausdorffMm: hausdorffMm.mean }),
    ...(mistakesPerCycle5mm && { mistakesPerCycle5mm }),
  };
}
