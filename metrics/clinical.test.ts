import { describe, expect, test } from 'vitest';
import type { LabelFrame, LabelVideo } from '../imaging/image.ts';
import {
  biplaneEjectionFraction,
  biplaneVolumeMl,
  clinicalMeasures,
  ejectionFraction,
  keyFrameDiscs,
  singlePlaneVolumeMl,
  ventricleDiscs,
} from './clinical.ts';

/** Upright half ellipse with its base at the bottom, walled by 6 pixels of myocardium; half axes in pixels. */
function chamber(
  halfWidth: number,
  height: number,
  rows = 220,
  columns = 200,
  spacingMm: [number, number] = [0.5, 0.5],
): LabelFrame {
  const labels = new Uint8Array(rows * columns);
  const base = rows - 20;
  for (let r = 0; r <= base; r++) {
    for (let c = 0; c < columns; c++) {
      const up = base - r;
      const across = c - columns / 2;
      const within = (wide: number, high: number) => (across / wide) ** 2 + (up / high) ** 2 <= 1;
      if (within(halfWidth, height)) labels[r * columns + c] = 1;
      else if (within(halfWidth + 6, height + 6)) labels[r * columns + c] = 2;
    }
  }
  return { rows, columns, spacingMm, labels };
}

function videoOf(...frames: LabelFrame[]): LabelVideo {
  const { rows, columns, spacingMm } = frames[0]!;
  const labels = new Uint8Array(frames.length * rows * columns);
  for (const [t, frame] of frames.entries()) labels.set(frame.labels, t * rows * columns);
  return { frames: frames.length, rows, columns, spacingMm, frameTimeMs: 30, labels };
}

/** Half an ellipsoid of revolution, ml. */
const halfEllipsoid = (halfWidthMm: number, heightMm: number) =>
  (2 / 3) * Math.PI * halfWidthMm ** 2 * heightMm * 1e-3;

describe('volumes by discs', () => {
  test('a half ellipsoid has its volume within 2 %', () => {
    const volume = singlePlaneVolumeMl(ventricleDiscs(chamber(50, 160))!);
    const truth = halfEllipsoid(25, 80);
    expect(Math.abs(volume / truth - 1)).toBeLessThan(0.02);
  });

  test('unequal spacing gives the same volume', () => {
    const volume = singlePlaneVolumeMl(ventricleDiscs(chamber(25, 160, 220, 200, [0.5, 1]))!);
    expect(Math.abs(volume / halfEllipsoid(25, 80) - 1)).toBeLessThan(0.03);
  });

  test('two views give elliptic discs', () => {
    const volume = biplaneVolumeMl(ventricleDiscs(chamber(50, 160))!, ventricleDiscs(chamber(30, 160))!);
    expect(Math.abs(volume / ((2 / 3) * Math.PI * 25 * 15 * 80 * 1e-3) - 1)).toBeLessThan(0.02);
  });

  test('a frame without ventricle has no discs', () => {
    expect(
      ventricleDiscs({ rows: 4, columns: 4, spacingMm: [1, 1], labels: new Uint8Array(16) }),
    ).toBeUndefined();
  });
});

describe('ejection fraction and strain', () => {
  const diastole = chamber(50, 160);
  const systole = chamber(36, 132);

  test('come from the frames with the largest and the smallest ventricle', () => {
    const measured = clinicalMeasures(videoOf(chamber(44, 150), diastole, systole, chamber(40, 140)));
    expect(measured.edFrame).toBe(1);
    expect(measured.esFrame).toBe(2);
    const truth = 1 - (36 * 36 * 132) / (50 * 50 * 160);
    expect(measured.ejectionFraction).toBeCloseTo(truth, 1);
    expect(measured.gls).toBeLessThan(-0.1);
    expect(measured.gls).toBeGreaterThan(-0.3);
  });

  test('two views of the same chamber agree with one', () => {
    const view = videoOf(diastole, systole);
    const discs = keyFrameDiscs(view);
    expect(biplaneEjectionFraction(discs, discs)).toBeCloseTo(clinicalMeasures(view).ejectionFraction!, 12);
  });

  test('are undefined, not 0, of a still picture and of a ventricle of one size', () => {
    for (const video of [videoOf(diastole), videoOf(diastole, diastole, diastole)]) {
      expect(clinicalMeasures(video)).toEqual({
        edFrame: 0,
        esFrame: 0,
        lostFrames: [],
        ejectionFraction: undefined,
        gls: undefined,
      });
      expect(keyFrameDiscs(video).ed).toBeDefined();
      expect(biplaneEjectionFraction(keyFrameDiscs(video), keyFrameDiscs(video))).toBeUndefined();
    }
  });

  test('never take a frame that lost its ventricle, or all but a speck of it, for the end of systole', () => {
    const empty = { ...diastole, labels: new Uint8Array(diastole.labels.length) };
    const speck = { ...empty, labels: empty.labels.map((_, i) => Number(i < 30)) };
    const whole = videoOf(diastole, systole, diastole);
    const torn = videoOf(empty, diastole, speck, systole, empty, diastole);
    const { ejectionFraction, gls } = clinicalMeasures(whole);
    expect(ejectionFraction).toBeGreaterThan(0.4);
    expect(clinicalMeasures(torn)).toEqual({
      ...{ edFrame: 1, esFrame: 3, lostFrames: [0, 2, 4] },
      ...{ ejectionFraction, gls },
    });
    expect(keyFrameDiscs(torn)).toEqual(keyFrameDiscs(whole));
  });

  test('are undefined, not NaN, where they cannot be measured', () => {
    const empty = videoOf({ rows: 4, columns: 4, spacingMm: [1, 1], labels: new Uint8Array(16) });
    expect(clinicalMeasures(empty)).toEqual({
      edFrame: 0,
      esFrame: 0,
      lostFrames: [0],
      ejectionFraction: undefined,
      gls: undefined,
    });
    expect(biplaneEjectionFraction(keyFrameDiscs(empty), keyFrameDiscs(empty))).toBeUndefined();
    expect(ejectionFraction(0, 0)).toBeUndefined();
  });
});
