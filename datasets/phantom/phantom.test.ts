import { expect, test } from 'vitest';
import { randomStream } from '../../ground/random.ts';
import { geometryOf } from '../../imaging/image.ts';
import { anatomicalValidity } from '../../metrics/anatomy.ts';
import { temporalValidity, temporalValidityAtFrameRate } from '../../metrics/temporal.ts';
import { readGreyNifti, writeGreyNifti } from '../nifti.ts';
import { drawAcquisition } from './acquisition.ts';
import { contractionAt } from './heart.ts';
import {
  generatePhantom,
  type PhantomCase,
  type PhantomOptions,
  planPhantom,
  trueLabels,
} from './phantom.ts';

const make = (options: Partial<PhantomOptions> = {}) =>
  generatePhantom({ domain: 'source', seed: 7, index: 0, ...options });

/** Compared as bytes: element by element would take seconds. */
function samePixels(a: PhantomCase, b: PhantomCase): boolean {
  return (
    Buffer.compare(Buffer.from(a.image.intensities.buffer), Buffer.from(b.image.intensities.buffer)) === 0 &&
    Buffer.compare(a.labels.labels, b.labels.labels) === 0
  );
}

test('the same options give the same video, in whatever order videos are made', () => {
  const first = make({ index: 5, domain: 'target' });
  make({ index: 3 });
  const again = make({ index: 5, domain: 'target' });
  expect(samePixels(again, first)).toBe(true);
  expect(geometryOf(again.image)).toEqual(geometryOf(first.image));
  expect(samePixels(make({ index: 5, domain: 'target', seed: 8 }), first)).toBe(false);
});

test('neighbours are two views of one patient, with names of their own', () => {
  const [a, b, c] = [make({ index: 2 }), make({ index: 3 }), make({ index: 4 })];
  expect([a.view, b.view]).toEqual(['a4c', 'a2c']);
  expect(a.study).toBe(b.study);
  expect(new Set([a.id, b.id, c.id]).size).toBe(3);
  expect(c.study).not.toBe(a.study);
});

test.each(['source', 'target'] as const)(
  'ground truth of the %s domain is anatomically valid, and temporally in both senses',
  (domain) => {
    for (let seed = 0; seed < 40; seed++) {
      const plan = planPhantom({ domain, seed, index: seed });
      const labels = trueLabels(plan);
      expect([plan.id, anatomicalValidity(labels).failures]).toEqual([plan.id, {}]);
      expect([plan.id, temporalValidity(labels).failures]).toEqual([plan.id, {}]);
      expect([plan.id, temporalValidityAtFrameRate(labels).failures]).toEqual([plan.id, {}]);
    }
  },
);

test('hearts are recorded with 10 to 40 frames a beat, in one beat or more unless that takes over 32 frames', () => {
  const plans = Array.from({ length: 200 }, (_, index) => planPhantom({ domain: 'target', seed: 1, index }));
  const rates = plans.map(({ heart }) => heart.framesPerBeat);
  expect(Math.min(...rates)).toBeGreaterThanOrEqual(10);
  expect(Math.min(...rates)).toBeLessThan(11);
  expect(Math.max(...rates)).toBeLessThanOrEqual(40);
  expect(Math.max(...rates)).toBeGreaterThan(37);
  for (const { heart, scan } of plans) {
    expect(scan.frames).toBeGreaterThanOrEqual(Math.min(32, Math.round(heart.framesPerBeat)));
    const heartRate = 60_000 / (scan.frameTimeMs * heart.framesPerBeat);
    expect(heartRate).toBeGreaterThan(54.9);
    expect(heartRate).toBeLessThan(90.1);
  }
});

test('pictures and labels share a grid of 16 to 32 frames, black outside the sector, in steps of 1/255', () => {
  for (let index = 0; index < 3; index++) {
    const { image, labels } = make({ domain: 'target', index });
    expect(geometryOf(labels)).toEqual(geometryOf(image));
    expect(image.frames).toBeGreaterThanOrEqual(16);
    expect(image.frames).toBeLessThanOrEqual(32);
    expect(new Set(labels.labels)).toEqual(new Set([0, 1, 2]));
    expect(image.intensities[0]).toBe(0);
    expect(image.intensities[image.columns - 1]).toBe(0);
    const reread = readGreyNifti(writeGreyNifti(image), 'phantom.nii.gz');
    expect(geometryOf(reread)).toEqual(geometryOf(image));
    expect(
      Buffer.compare(Buffer.from(reread.intensities.buffer), Buffer.from(image.intensities.buffer)),
    ).toBe(0);
  }
});

test('the cavity shrinks by a plausible ejection and is darker than the wall', () => {
  const { image, labels } = make();
  const pixels = image.rows * image.columns;
  const areas = Array.from({ length: image.frames }, (_, t) =>
    labels.labels
      .subarray(t * pixels, (t + 1) * pixels)
      .reduce((sum, label) => sum + (label === 1 ? 1 : 0), 0),
  );
  const change = 1 - Math.min(...areas) / Math.max(...areas);
  expect(change).toBeGreaterThan(0.2);
  expect(change).toBeLessThan(0.6);
  const mean = (label: number) => {
    const values = image.intensities.filter((_, i) => labels.labels[i] === label);
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  expect(mean(2)).toBeGreaterThan(1.8 * mean(1));
});

test('shift moves the ranges of the scan from the source towards the target and beyond', () => {
  const darkest = (shift: number) => {
    const scans = Array.from({ length: 60 }, (_, i) =>
      drawAcquisition(shift, 60, 14, randomStream(i, 'test')),
    );
    return Math.min(...scans.map((scan) => scan.gainDb));
  };
  expect(darkest(0)).toBeGreaterThanOrEqual(-2.5);
  expect(darkest(1)).toBeLessThan(darkest(0));
  expect(darkest(2)).toBeLessThan(darkest(1));
});

test('contraction goes from 0 to 1 and back, smoothly and once a beat', () => {
  expect(contractionAt(0, 0.4)).toBe(0);
  expect(contractionAt(0.4, 0.4)).toBeCloseTo(1);
  expect(contractionAt(1.2, 0.4)).toBeCloseTo(contractionAt(0.2, 0.4));
  for (let phase = 0; phase < 1; phase += 0.01) {
    const step = Math.abs(contractionAt(phase + 0.01, 0.4) - contractionAt(phase, 0.4));
    expect(step).toBeLessThan(0.05);
  }
});

test('a shift that the ranges are not made for is refused', () => {
  expect(() => make({ domain: 'target', shift: -1 })).toThrow(/between 0 and 3, found -1/);
});
