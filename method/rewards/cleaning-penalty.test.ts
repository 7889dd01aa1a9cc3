import { expect, it } from 'vitest';
import type { LabelVideo } from '../../imaging/image.ts';
import { applyCleaningPenalty } from './cleaning-penalty.ts';

/** Two frames: a cavity in a wall with a speck of cavity in the wall, then the same without it. */
function video(): LabelVideo {
  const frame = (speck: number): number[] =>
    [
      [0, 0, 0, 0, 0, 0, 0],
      [0, 2, 2, 2, 2, 2, 0],
      [0, 2, 1, 1, 2, 2, 0],
      [0, 2, 1, 1, 2, speck, 2],
      [0, 2, 2, 2, 2, 2, 2],
      [0, 0, 0, 0, 0, 0, 0],
    ].flat();
  const labels = Uint8Array.from([...frame(1), ...frame(2)]);
  return { frames: 2, rows: 6, columns: 7, spacingMm: [1, 1], frameTimeMs: 40, labels };
}

it('takes the reward from the pixels that cleaning would change, and from no other', () => {
  const reward = new Float32Array(84).fill(0.75);
  const penalised = applyCleaningPenalty(reward, video());
  const expected = reward.slice();
  expected[3 * 7 + 5] = 0;
  expect(penalised).toEqual(expected);
  expect(reward.every((value) => value === 0.75)).toBe(true);
});

it('needs a reward for every pixel', () => {
  expect(() => applyCleaningPenalty(new Float32Array(83), video())).toThrow(/84 pixels.*found 83/);
});
