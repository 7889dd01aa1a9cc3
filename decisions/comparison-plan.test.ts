import { expect, it } from 'vitest';
import { RunConfigSchema } from '../contracts/run-config.ts';
import { makeComparisonPlan } from './comparison-plan.ts';
import { makePlan, type PlannedVideo, sizeOf } from './plan.ts';

function videos(count: number, split: PlannedVideo['split'], labelled: boolean): PlannedVideo[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `${split}-${i}`,
    study: `study-${i}`,
    split,
    labelled,
  }));
}

const source = videos(3, 'train', true);
const target = [...videos(10, 'pred', false), ...videos(2, 'val', false), ...videos(4, 'test', true)];
const configOf = (iterations: number) =>
  RunConfigSchema.parse({
    source: 'a',
    target: 'b',
    iterations,
    sweep: { videosPerIteration: 4, videosPerShard: 3 },
  });

it.each([
  [1, 4],
  [2, 8],
  [3, 10],
])('lets every system learn from the videos that adaptation by %i iterations sees', (iterations, count) => {
  const plan = makeComparisonPlan(configOf(iterations), { source, target }, true);
  const { sweeps } = makePlan(configOf(iterations), { source, target });
  expect(plan.sweeps).toHaveLength(1);
  expect(sizeOf(plan.sweeps[0]!)).toEqual({ shards: Math.ceil(count / 3), videos: count });
  expect(new Set(plan.sweeps.flat(2))).toEqual(new Set(sweeps.flat(2)));
});

it('tests on all test videos, which nobody learns from, and needs nothing else where nobody learns', () => {
  const test = ['test-0', 'test-1', 'test-2', 'test-3'];
  const plan = makeComparisonPlan(configOf(3), { source, target }, true);
  expect(plan.test.flat()).toEqual(test);
  expect(plan.sweeps.flat(2).filter((id) => test.includes(id))).toEqual([]);
  const alone = { source: [], target: target.slice(12) };
  expect(makeComparisonPlan(configOf(3), alone, false)).toMatchObject({
    sweeps: [[]],
    source: { train: [] },
  });
  expect(() => makeComparisonPlan(configOf(1), { source, target: target.slice(0, 12) }, true)).toThrow(
    expect.objectContaining({ code: 'DatasetInvalid' }),
  );
});
