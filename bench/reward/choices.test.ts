import { expect, it } from 'vitest';
import { allChoices, choicesBetween, findsErrors, rightBeyondSecond, suspicionsOf } from './choices.ts';

const truth = Uint8Array.of(1, 2, 1, 2, 0, 0);
const first = {
  labels: Uint8Array.of(1, 1, 2, 2, 0, 1),
  reward: Float32Array.of(0.9, 0.4, 0.2, 0.8, 0.5, 0.1),
};
const second = {
  labels: Uint8Array.of(1, 2, 1, 1, 2, 2),
  reward: Float32Array.of(0.1, 0.3, 0.6, 0.5, 0.9, 0.9),
};

it('counts where segmentations differ and one is right, and what earns more there', () => {
  // Pixel 0 is alike, in pixel 5 both are wrong.
  expect(choicesBetween(first, second, truth)).toEqual({
    pixels: 4,
    right: 2,
    firstRight: 2,
    ventricleOrWall: 3,
    prefersVentricle: 2,
    isVentricle: 1,
  });
});

it('adds up videos', () => {
  const one = choicesBetween(first, second, truth);
  expect(allChoices([one, one])).toMatchObject({ pixels: 8, right: 4 });
});

it('says how sure it is, by patients, that the right one is preferred oftener than the second is right', () => {
  const counts = { ventricleOrWall: 0, prefersVentricle: 0, isVentricle: 0 };
  // Always preferring the second is right in 70 of 100 pixels of one patient and 10 of 10 of another.
  const large = { ...counts, patient: 'a', pixels: 100, right: 90, firstRight: 30 };
  const small = { ...counts, patient: 'b', pixels: 10, right: 5, firstRight: 0 };
  const { mean, low, high } = rightBeyondSecond([large, small]);
  expect(mean).toBeCloseTo((95 - 80) / 110);
  expect([low, high]).toEqual([-0.5, 0.2]);
  expect(rightBeyondSecond([large, large])).toEqual({ mean: 0.2, low: 0.2, high: 0.2 });
});

it('finds wrong pixels of the heart by what earns little', () => {
  const row = { frames: 1, rows: 1, columns: 6, spacingMm: [1, 1], frameTimeMs: 40 } as const;
  const videoOf = (labels: Uint8Array) => ({ ...row, labels });
  const suspicions = suspicionsOf(videoOf(first.labels), videoOf(truth), first.reward);
  expect([...suspicions.wrong]).toEqual([0, 1, 1, 0, 1]);
  expect(findsErrors([suspicions])).toBe(1);
});
