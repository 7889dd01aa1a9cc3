import { describe, expect, test } from 'vitest';
import type { LabelFrame, LabelVideo } from '../imaging/image.ts';
import { shapeAttributes } from './attributes.ts';
import { baseWidthMm, leftVentricleApex, leftVentricleBase } from './landmarks.ts';
import { mistakesPerCycle } from './mitral-valve.ts';

function frameOf(spacingMm: [number, number], ...lines: string[]): LabelFrame {
  return {
    rows: lines.length,
    columns: lines[0]!.length,
    spacingMm,
    labels: Uint8Array.from(lines.join(''), Number),
  };
}

const cup = ['000000000', '002222200', '002111200', '002111200', '002111200', '002111200', '000000000'];

/** The cup, moved down by `rows`. */
function shiftedCup(rows: number): Uint8Array {
  const lines = [...Array(rows).fill('000000000'), ...cup, ...Array(4 - rows).fill('000000000')];
  return Uint8Array.from(lines.join(''), Number);
}

describe('landmarks', () => {
  test('base corners are the lowest pixels that touch wall and outside, the first on ties', () => {
    const frame = frameOf([2, 0.5], ...cup);
    const base = leftVentricleBase(frame)!;
    expect(base).toEqual({ left: [5, 3], right: [5, 5] });
    expect(baseWidthMm(base, frame.spacingMm)).toBe(1);
    expect(leftVentricleApex(frame)![0]).toBeLessThan(2.5);
  });

  test('corners in one column are split at the mean row', () => {
    const frame = frameOf([1, 1], '0000', '0212', '0212', '0212', '0000');
    expect(leftVentricleBase(frame)).toEqual({ left: [3, 2], right: [1, 2] });
  });

  test('fewer than two touching pixels give no base, and attributes without width and length', () => {
    const enclosed = frameOf([1, 1], '22222', '21112', '21112', '22222');
    expect(leftVentricleBase(enclosed)).toBeUndefined();
    const attributes = shapeAttributes(enclosed);
    expect(attributes.lvBaseWidth).toBeUndefined();
    expect(attributes.lvLength).toBeUndefined();
    expect(attributes.lvArea).toBe(6);
    expect(attributes.myoArea).toBe(14);
    expect([attributes.epiCenterX, attributes.epiCenterY]).toEqual([1.5, 2]);
    expect(attributes.lvOrientation).toBeCloseTo(0, 9);
  });
});

describe('mitral valve mistakes', () => {
  function videoOf(spacingMm: [number, number], ...shifts: number[]): LabelVideo {
    const labels = new Uint8Array(shifts.length * 11 * 9);
    for (const [t, shift] of shifts.entries()) labels.set(shiftedCup(shift), t * 11 * 9);
    return { frames: shifts.length, rows: 11, columns: 9, spacingMm, frameTimeMs: 30, labels };
  }

  test('count frames farther than the threshold in mm, along each axis with its own spacing', () => {
    const reference = videoOf([2, 0.3], 0, 0, 0);
    const prediction = videoOf([2, 0.3], 0, 2, 4);
    expect(mistakesPerCycle(prediction, reference, 5)).toBe(1);
    expect(mistakesPerCycle(prediction, reference, 3.9)).toBe(2);
    expect(mistakesPerCycle(prediction, reference, 8)).toBe(0);
  });

  test('count frames without corners', () => {
    const reference = videoOf([1, 1], 0, 0);
    const empty = { ...reference, labels: new Uint8Array(reference.labels.length) };
    expect(mistakesPerCycle(empty, reference, 5)).toBe(2);
    expect(mistakesPerCycle(reference, empty, 5)).toBe(2);
  });
});
