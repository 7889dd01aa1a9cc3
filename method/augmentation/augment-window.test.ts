import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type AugmentationConfig, AugmentationSchema } from '../../contracts/augmentation.ts';
import { presets } from '../../contracts/presets.ts';
import { augmentWindow } from './augment-window.ts';
import { copyOf, everything, heart, nothing, streamsOf } from './augmentation.fixture.ts';

const augmented = (config: AugmentationConfig, seed = 1) => augmentWindow(heart(), config, streamsOf(seed));

it('leaves a window as it is when nothing is to change, and by default', () => {
  expect(augmented(nothing)).toEqual(heart());
  expect(augmented(AugmentationSchema.parse({}))).toEqual(heart());
});

it('makes the same bits of the same seed, others of another', () => {
  const first = augmented(everything);
  expect(augmented(everything)).toEqual(first);
  expect(augmented(everything, 2).image).not.toEqual(first.image);
});

it('keeps grey levels within [0, 1] and labels labels, whatever is drawn', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e6 }), fc.constantFrom(0.37, 1, 1.7), (seed, spacingMm) => {
      const { image, labels } = augmentWindow(heart(spacingMm), everything, streamsOf(seed));
      expect(image.every((value) => value >= 0 && value <= 1)).toBe(true);
      expect(labels.every((label) => label === 0 || label === 1 || label === 2)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

it('moves labels by the geometry alone: whatever else changes leaves them whole', () => {
  const { geometry } = everything;
  const moved = augmented({ ...nothing, geometry });
  expect(augmented(everything).labels).toEqual(moved.labels);
  expect(augmented({ ...everything, geometry: nothing.geometry }).labels).toEqual(heart().labels);
});

it('draws each change by itself: switching one on leaves the others as they were', () => {
  const { geometry, dropout } = everything;
  const alone = augmented({ ...nothing, geometry });
  const together = augmented({ ...nothing, geometry, dropout });
  expect(together.labels).toEqual(alone.labels);
  expect(together.image).not.toEqual(alone.image);
});

it('changes about as many windows as the chance says', () => {
  const config = AugmentationSchema.parse({ greyLevels: { depthGain: { chance: 0.3 } } });
  const plain = heart(2, 1);
  const changed = Array.from({ length: 400 }, (_, seed) =>
    augmentWindow(copyOf(plain), config, streamsOf(seed)).image.some((value, i) => value !== plain.image[i]),
  );
  expect(changed.filter(Boolean).length / 400).toBeCloseTo(0.3, 1);
});

it.each(['tiny', 'small', 'paper'] as const)('keeps the published changes in %s', (name) => {
  expect(AugmentationSchema.parse(presets[name].augmentation ?? {})).toEqual(AugmentationSchema.parse({}));
});
