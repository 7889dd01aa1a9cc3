import { expect, it } from 'vitest';
import type { TableRow } from '../shared/policy-table.ts';
import { armOf, CLEANING_RULE, SOURCE } from './arms.ts';
import { endpointsText } from './endpoints.ts';

/** Ten patients of whom each has these. */
function row(
  policy: string,
  measures: { invalidFrames: number; cornerMm: number; flaggedFrames: number },
): TableRow {
  const validity = { anatomicallyValid: 0, temporallyValid: 0, temporallyValidAtFrameRate: 0 };
  const videos = Array.from({ length: 10 }, (_, i) => ({
    seed: 1,
    id: `v${i}`,
    patient: `p${i}`,
    measures: { ...validity, ...measures },
  }));
  return { policy, way: 'plain', videos };
}

it('says of every part whether its own endpoint fell below that of the arm before it, and of its control', () => {
  const rows = [
    row(SOURCE, { invalidFrames: 0.4, cornerMm: 9, flaggedFrames: 5 }),
    row(armOf('published', CLEANING_RULE), { invalidFrames: 0.2, cornerMm: 9, flaggedFrames: 5 }),
    row(armOf('published', 'anatomical reward'), { invalidFrames: 0.3, cornerMm: 9, flaggedFrames: 5 }),
    row(armOf('published', '+ landmark reward'), { invalidFrames: 0.1, cornerMm: 9.5, flaggedFrames: 5 }),
    row(armOf('published', '+ temporal penalty'), { invalidFrames: 0.1, cornerMm: 3, flaggedFrames: 4 }),
  ];
  const [, , ...lines] = endpointsText(rows).split('\n');
  expect(lines).toEqual([
    expect.stringMatching(/invalid frames \| plain \| -0\.1000 \(.*\) \| yes \|$/),
    expect.stringMatching(/cleaning rule as the only reward \| plain \| 0\.1000 \(.*\) \| no \|$/),
    expect.stringMatching(/corners, mm \| plain \| 0\.5000 \(.*\) \| no \|$/),
    expect.stringMatching(/flagged frames \| plain \| -1\.0000 \(.*\) \| yes \|$/),
  ]);
});
