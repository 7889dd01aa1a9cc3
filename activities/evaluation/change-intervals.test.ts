import { expect, it } from 'vitest';
import { ChangeIntervalsSchema } from '../../contracts/results.ts';
import { allSteps } from '../../ground/steps.ts';
import type { VideoScore } from '../../metrics/evaluation.ts';
import { changeIntervals as intervalsInSteps } from './change-intervals.ts';

const changeIntervals = (...of: Parameters<typeof intervalsInSteps>) => allSteps(intervalsInSteps(...of));

function score(id: string, valid: boolean, dice?: number): VideoScore {
  return {
    id,
    frames: 4,
    anatomical: { valid, invalidFrames: [] },
    temporal: { valid: true, flaggedFrames: [] },
    clinical: {},
    ...(dice !== undefined && { dice: { lv: dice, myo: dice, epi: dice, mean: dice } }),
  } as unknown as VideoScore;
}

const ids = Array.from({ length: 20 }, (_, i) => `v${i}`);
const before = ids.map((id, i) => score(id, i % 2 === 0, 0.8 + 0.01 * Math.sin(i)));

it('compares every video with itself, whatever the order', () => {
  const after = ids.map((id, i) => score(id, true, 0.85 + 0.01 * Math.sin(i))).reverse();
  const change = changeIntervals(before, after, {});
  expect(ChangeIntervalsSchema.parse(change)).toEqual(change);
  expect(change.dice!.low).toBeCloseTo(0.05, 9);
  expect(change.dice!.high).toBeCloseTo(0.05, 9);
  expect(change.anatomicalValidity!.low).toBeGreaterThan(0.2);
  expect(change.anatomicalValidity!.high).toBeLessThan(0.8);
  expect(change.temporalValidity).toEqual({ low: 0, high: 0 });
  expect(change).not.toHaveProperty('mistakesPerCycle5mm');
});

it('draws the videos of a patient together', () => {
  const after = ids.map((id, i) => score(id, i % 4 < 2));
  const width = (studies: Record<string, string>) => {
    const { low, high } = changeIntervals(before, after, studies).anatomicalValidity!;
    return high - low;
  };
  // Two neighbours, one of which gains or loses, alternate: halves of patients all agree.
  const four = Object.fromEntries(ids.map((id, i) => [id, `p${Math.floor(i / 10)}`]));
  expect(width(four)).toBeLessThan(width({}));
});

it('says nothing where no video was scored on both sides', () => {
  expect(changeIntervals(before, [score('other', true)], {})).toEqual({});
});

it('says nothing of a single patient, from whom no spread can be told', () => {
  const after = ids.map((id) => score(id, true));
  const alone = Object.fromEntries(ids.map((id) => [id, 'p']));
  expect(changeIntervals(before, after, alone)).toEqual({});
});
