import { describe, expect, it } from 'vitest';
import { AugmentationSchema } from '../../contracts/augmentation.ts';
import { randomStream } from '../../ground/random.ts';
import { changeAcquisition } from './acquisition.ts';
import { copyOf, heart, streamsOf } from './augmentation.fixture.ts';
import { fadeWalls } from './dropout.ts';
import { changeGreyLevels } from './grey-levels.ts';
import type { LabelledWindow } from './labelled-window.ts';
import { noiseField } from './noise-field.ts';

function bright(spacingMm = 1, frames = 2): LabelledWindow {
  const window = heart(spacingMm, frames);
  window.image.fill(0.5);
  return window;
}

const meanOf = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviationOf = (values: Float32Array) => {
  const mean = meanOf(values);
  return Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2)));
};

function withGreyLevels(window: LabelledWindow, greyLevels: object, seed = 1): LabelledWindow {
  const config = AugmentationSchema.parse({ greyLevels }).greyLevels;
  const changed = copyOf(window);
  changeGreyLevels(changed, config, streamsOf(seed));
  return changed;
}

describe('grey levels', () => {
  it('follow a power, with black and white where they were', () => {
    const window = bright();
    window.image[0] = 0;
    window.image[1] = 1;
    const seed = 3;
    const gamma = Math.exp(Math.log(2) * (2 * streamsOf(seed)('gamma').uniform() - 1));
    const { image } = withGreyLevels(window, { gamma: 2 }, seed);
    expect(image[0]).toBe(0);
    expect(image[1]).toBe(1);
    expect(image[2]).toBeCloseTo(0.5 ** gamma, 5);
  });

  it('up to the floor become black, white stays white', () => {
    const window = bright();
    window.image.set([0.001, 1]);
    const { image } = withGreyLevels(window, { floor: { chance: 1, largest: 0.4 } });
    expect([image[0], image[1]]).toEqual([0, 1]);
    expect(image[2]).toBeLessThan(0.5);
  });

  it('rise or fall with depth about the middle', () => {
    const { image, columns, rows } = withGreyLevels(bright(), { depthGain: { chance: 1, largest: 0.5 } });
    const [top, middle, bottom] = [0, rows / 2, rows - 1].map((row) => image[row * columns]!);
    expect(top! * bottom!).toBeCloseTo(0.25, 4);
    expect(middle).toBeCloseTo(0.5, 1);
    expect(top).not.toBeCloseTo(bottom!, 2);
  });

  it('get fog where there is signal alone, the same in every frame', () => {
    const window = bright();
    window.image[5] = 0;
    const { image } = withGreyLevels(window, { haze: { chance: 1, strength: [0.3, 0.3] } });
    expect(image[5]).toBe(0);
    expect(Math.min(...image.filter((_, i) => i !== 5))).toBeGreaterThanOrEqual(0.5);
    expect(Math.max(...image)).toBeLessThanOrEqual(0.8001);
    const pixels = image.length / 2;
    expect(image.slice(6, pixels)).toEqual(image.slice(pixels + 6));
  });

  it.each([0.5, 1.5])('are blurred as widely in mm at %f mm pixels', (spacingMm) => {
    const window = bright(spacingMm, 1);
    const { rows, columns, image } = window;
    image.fill(0);
    const row = rows >> 1;
    image[row * columns + (columns >> 1)] = 1;
    const blurred = withGreyLevels(window, { blur: { chance: 1, widthMm: [3, 3] } }).image;
    let variance = 0;
    blurred.forEach((value, i) => {
      variance += value * (((i % columns) - (columns >> 1)) * spacingMm) ** 2;
    });
    expect(Math.sqrt(variance)).toBeCloseTo(3, 0);
    expect(blurred.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 4);
  });

  it('lose what lies between coarse pixels, and nothing where these are no larger than the own', () => {
    const window = heart(1, 1);
    window.image.forEach((_, i) => {
      window.image[i] = i % 2;
    });
    const coarse = withGreyLevels(window, { coarsePixels: { chance: 1, sizeMm: [3.1, 3.1] } }).image;
    const jumps = (values: Float32Array) =>
      values.reduce((sum, value, i) => sum + Math.abs(value - (values[i - 1] ?? value)), 0);
    expect(jumps(coarse)).toBeLessThan(jumps(window.image) / 2);
    const fine = withGreyLevels(window, { coarsePixels: { chance: 1, sizeMm: [0.8, 0.8] } });
    expect(fine).toEqual(window);
  });

  it('get speckle in proportion to themselves, new in every frame', () => {
    const { image } = withGreyLevels(bright(), {
      speckle: { chance: 1, strength: [0.2, 0.2], sizeMm: [1, 1] },
    });
    expect(deviationOf(image)).toBeCloseTo(0.1, 1);
    const pixels = image.length / 2;
    expect(image.slice(0, pixels)).not.toEqual(image.slice(pixels));
  });
});

describe('a field of noise', () => {
  it('has grains of the same mm whatever the pixels', () => {
    for (const spacingMm of [0.5, 2]) {
      const grid = { rows: Math.round(120 / spacingMm), columns: Math.round(120 / spacingMm), spacingMm };
      const field = noiseField(grid, 12, randomStream(1, 'field'));
      const neighbours = field.map((value, i) => Math.abs(value - (field[i + 1] ?? value)));
      // In mm, its slope is that of the lattice.
      expect(meanOf(neighbours) / spacingMm).toBeCloseTo(0.06, 1);
    }
    const grid = { rows: 50, columns: 60, spacingMm: 2 };
    const white = noiseField(grid, 0.5, randomStream(1, 'field'));
    expect(white).toHaveLength(3000);
    expect(deviationOf(white)).toBeCloseTo(1, 1);
  });
});

describe('the acquisition', () => {
  const acquired = (acquisition: object) => {
    const window = bright();
    changeAcquisition(window, AugmentationSchema.parse({ acquisition }).acquisition, streamsOf(1));
    return window;
  };

  it('shows nothing outside of a narrower sector and everything inside', () => {
    const { image, rows, columns } = acquired({ narrowSector: { chance: 1, halfAngleDegrees: [30, 30] } });
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const angle = (Math.atan2(column - (columns - 1) / 2, row) * 180) / Math.PI;
        expect(image[row * columns + column]).toBe(Math.abs(angle) <= 30 ? 0.5 : 0);
      }
    }
  });

  it('casts one dark beam from the top that loses as much as it is deep', () => {
    const { image, rows, columns } = acquired({
      shadow: { chance: 1, depth: [0.8, 0.8], widthDegrees: [6, 6], withinDegrees: 20 },
    });
    const darkest = (row: number) => Math.min(...image.slice(row * columns, (row + 1) * columns));
    expect(darkest(rows - 1)).toBeCloseTo(0.5 * 0.2, 1);
    expect(darkest(rows >> 1)).toBeCloseTo(0.5 * 0.2, 1);
    expect(Math.max(...image)).toBe(0.5);
  });
});

describe('dropout', () => {
  const config = AugmentationSchema.parse({
    dropout: { chance: 1, largestCount: 1, radiusMm: [5, 5], depth: [0.9, 0.9] },
  }).dropout;

  it('darkens a place of the wall as much as it is deep, and nothing far away', () => {
    const window = bright(1, 1);
    const { labels } = copyOf(window);
    fadeWalls(window, config, streamsOf(4));
    const darkest = window.image.indexOf(Math.min(...window.image));
    expect(window.image[darkest]).toBeCloseTo(0.05, 5);
    expect(labels[darkest]).toBe(2);
    const { columns } = window;
    window.image.forEach((value, i) => {
      const far = Math.hypot(
        Math.floor(i / columns) - Math.floor(darkest / columns),
        (i % columns) - (darkest % columns),
      );
      if (far > 15) expect(value).toBe(0.5);
    });
    expect(window.labels).toEqual(labels);
  });

  it('leaves a window without a wall as it is', () => {
    const window = bright();
    window.labels.fill(0);
    const before = copyOf(window);
    fadeWalls(window, config, streamsOf(1));
    expect(window).toEqual(before);
  });
});
