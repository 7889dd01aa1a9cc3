import { describe, expect, test } from 'vitest';
import { type GreySource, scaleGreyLevels, storedBits } from './grey-scaling.ts';
import { niftiFixture } from './nifti.fixture.ts';
import { readGreyNifti, writeGreyNifti } from './nifti.ts';

const place = { name: 'a.nii', pixelsPerFrame: 100 };
const wide: GreySource = { sourceBits: 32, isByteScale: false };
const scaled = (values: number[], source: GreySource = wide) =>
  scaleGreyLevels(Float32Array.from(values), source, place);
/** A ramp of 227 levels from low to high, over 1000 pixels. */
const ramp = (low: number, high: number) =>
  Array.from({ length: 1000 }, (_, i) => low + ((high - low) * (i % 227)) / 226);

describe('levels are scaled by what is there', () => {
  test('single precision from 0 to 1.02 keeps all its levels', () => {
    const { intensities, facts } = scaled(ramp(0, 1.02));
    expect(facts).toMatchObject({ distinctLevels: 227, keptLevels: 227 });
    expect(facts.scaling).toMatchObject({ kind: 'range', low: 0 });
    expect(Math.max(...intensities)).toBe(1);
  });

  test('z-scores keep theirs, the lowest becomes black', () => {
    const { intensities, facts } = scaled(ramp(-1.7, 4.2));
    expect(facts).toMatchObject({ distinctLevels: 227, keptLevels: 227 });
    expect(Math.min(...intensities)).toBe(0);
  });

  test('16-bit whole numbers up to 141 are bytes in a wider type', () => {
    const { intensities, facts } = scaled(
      ramp(0, 141).map((value) => Math.round(value)),
      { ...wide, sourceBits: 16 },
    );
    expect(facts).toMatchObject({
      distinctLevels: 142,
      keptLevels: 142,
      scaling: { kind: 'type', low: 0, high: 255 },
    });
    expect(Math.max(...intensities)).toBeCloseTo(141 / 255);
    expect(storedBits(facts)).toBe(8);
  });

  test('twelve bits are stored in sixteen, none lost', () => {
    const values = Array.from({ length: 4096 }, (_, i) => i);
    const { facts } = scaled(values, { ...wide, sourceBits: 16 });
    expect(storedBits(facts)).toBe(16);
    expect(facts).toMatchObject({ distinctLevels: 4096, keptLevels: 4096 });
  });

  test('a few outliers do not squeeze the rest', () => {
    const { facts } = scaled([...ramp(0, 1), ...ramp(0, 1), ...ramp(0, 1), 1e9]);
    expect(facts.scaling.kind).toBe('robust');
    expect(facts.keptLevels).toBeGreaterThanOrEqual(227);
  });

  test('a window that suits the pixels is taken, one that cuts them or dwarfs them is not', () => {
    const at = (low: number, high: number) =>
      scaled(ramp(100, 900), { ...wide, window: { low, high } }).facts.scaling;
    expect(at(0, 1023)).toEqual({ kind: 'window', low: 0, high: 1023 });
    expect(at(0, 500).kind).toBe('range');
    expect(at(0, 65_535).kind).toBe('range');
  });

  test('a picture of one value is no division by zero', () => {
    expect([...scaled([7.5, 7.5]).intensities]).toEqual([1, 1]);
    expect([...scaled([0, 0]).intensities]).toEqual([0, 0]);
  });
});

test('a stored video of sixteen bits comes back to the last level, brightness included', () => {
  const intensities = Float32Array.from({ length: 4096 }, (_, i) => (i * 9) / 65_535);
  const video = { frames: 1, rows: 64, columns: 64, spacingMm: [1, 1] as const, frameTimeMs: 0, intensities };
  const read = readGreyNifti(writeGreyNifti(video, 'uint16'), 'a.nii.gz');
  expect(read.intensities.every((value, i) => Math.abs(value - intensities[i]!) < 1e-6)).toBe(true);
  expect(read.facts.keptLevels).toBe(4096);
});

test('an unsigned 16-bit NIfTI is scaled by its values, not by its type', () => {
  const values = Array.from({ length: 12 }, (_, i) => 100 * i);
  const file = niftiFixture({ dims: [3, 2, 2], pixdim: [1, 1, 0.04], datatype: 512, values });
  const { intensities, facts } = readGreyNifti(file, 'a.nii');
  expect(intensities[11]).toBe(1);
  expect(facts).toMatchObject({ sourceBits: 16, distinctLevels: 12, keptLevels: 12 });
});
