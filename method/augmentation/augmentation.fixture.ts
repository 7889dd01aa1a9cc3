/** Windows and settings for the tests of the changes. */
import { type AugmentationConfig, AugmentationSchema } from '../../contracts/augmentation.ts';
import type { RandomStream } from '../../ground/random.ts';
import { randomStream } from '../../ground/random.ts';
import type { LabelledWindow } from './labelled-window.ts';

/** Every change in every window. */
export const everything: AugmentationConfig = AugmentationSchema.parse({
  geometry: { rotationDegrees: 30, scale: 1.4, aspect: 1.2, shiftMm: 10 },
  greyLevels: {
    gamma: 2,
    floor: { chance: 1 },
    depthGain: { chance: 1 },
    haze: { chance: 1 },
    blur: { chance: 1 },
    coarsePixels: { chance: 1 },
    speckle: { chance: 1 },
  },
  acquisition: { narrowSector: { chance: 1 }, shadow: { chance: 1 } },
  dropout: { chance: 1 },
});

export const nothing: AugmentationConfig = AugmentationSchema.parse({
  greyLevels: { contrast: [1, 1], gain: [1, 1], noise: 0 },
});

/** A cavity (0.1) in a wall (0.8) off the middle on a dim background (0.3), of so many mm whatever the pixels. */
export function heart(
  spacingMm = 1,
  frames = 2,
  sizeMm: readonly [number, number] = [60, 80],
): LabelledWindow {
  const [rows, columns] = [Math.round(sizeMm[0] / spacingMm), Math.round(sizeMm[1] / spacingMm)];
  const labels = Int32Array.from({ length: frames * rows * columns }, (_, i) => {
    const row = ((Math.floor(i / columns) % rows) - (rows - 1) / 2) * spacingMm;
    const column = ((i % columns) - (columns - 1) / 2) * spacingMm;
    const distance = Math.hypot(row / 1.4 + 3, column - 8);
    return distance < 9 ? 1 : distance < 14 ? 2 : 0;
  });
  const grey = [0.3, 0.1, 0.8];
  const image = Float32Array.from(labels, (label) => grey[label]!);
  return { frames, rows, columns, spacingMm, image, labels };
}

export function copyOf(window: LabelledWindow): LabelledWindow {
  return { ...window, image: window.image.slice(), labels: window.labels.slice() };
}

export const streamsOf =
  (seed: number) =>
  (effect: string): RandomStream =>
    randomStream(seed, effect);
