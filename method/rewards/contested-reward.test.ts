import { expect, it } from 'vitest';
import { contestedReward } from './contested-reward.ts';

const reward = Float32Array.of(0.25, 0.5, 0.75, 1);
const labels = (...of: number[]) => Uint8Array.from(of);

it('is the mean over the pixels that any policy labels otherwise', () => {
  const segmentations = [labels(0, 1, 2, 2), labels(0, 1, 1, 2), labels(0, 0, 2, 2)];
  expect(contestedReward(reward, segmentations)).toBe(0.625);
});

it('does not exist where all agree', () => {
  expect(contestedReward(reward, [labels(0, 1, 2, 2), labels(0, 1, 2, 2)])).toBeUndefined();
  expect(contestedReward(reward, [labels(0, 1, 2, 2)])).toBeUndefined();
});
