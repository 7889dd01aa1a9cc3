import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../ground/errors.ts';
import { niftiFixture } from './nifti.fixture.ts';
import { decodeNifti, readGreyNifti, readLabelNifti, writeGreyNifti, writeLabelNifti } from './nifti.ts';

const geometry = { frames: 2, rows: 2, columns: 3, spacingMm: [1.1, 0.7] as const, frameTimeMs: 33.333 };
const plain = { dims: [3, 2, 2], pixdim: [0.7, 1.1, 0.04] };
const twelve = Array.from({ length: 12 }, (_, i) => i);

/** What a reader throws, as code and message. */
function failure(work: () => unknown): { code: ErrorCode; message: string } {
  try {
    work();
  } catch (error) {
    return error as { code: ErrorCode; message: string };
  }
  throw new Error('expected a failure, found none');
}

describe('writing and reading back', () => {
  test('grey levels in steps of 1/255 and labels come back with their geometry', () => {
    const intensities = Float32Array.from(twelve, (value) => (value * 23) / 255);
    expect(readGreyNifti(writeGreyNifti({ ...geometry, intensities }), 'a.nii.gz')).toMatchObject({
      ...geometry,
      intensities,
    });
    const labels = Uint8Array.from(twelve, (value) => value % 3);
    expect(readLabelNifti(writeLabelNifti({ ...geometry, labels }), 'a.nii.gz')).toEqual({
      ...geometry,
      labels,
    });
  });

  test('float32 keeps what bytes would round', () => {
    const intensities = Float32Array.from(twelve, (value) => value / 13);
    const file = writeGreyNifti({ ...geometry, intensities }, 'float32');
    expect(readGreyNifti(file, 'a.nii.gz').intensities).toEqual(intensities);
  });

  test('grey levels outside [0, 1] are clipped to bytes', () => {
    const intensities = Float32Array.from(twelve, (value) => value / 5 - 1);
    const read = readGreyNifti(writeGreyNifti({ ...geometry, intensities }), 'a.nii.gz').intensities;
    expect(read[0]).toBe(0);
    expect(read[11]).toBe(1);
  });

  test('the same video gives the same bytes, without a time stamp', () => {
    const labels = Uint8Array.from(twelve, (value) => value % 3);
    const file = writeLabelNifti({ ...geometry, labels });
    expect(file).toEqual(writeLabelNifti({ ...geometry, labels }));
    expect([...file.subarray(4, 8)]).toEqual([0, 0, 0, 0]);
  });
});

describe('layouts and numbers', () => {
  test('axes are (columns, rows, frames), as rows of a frame in memory', () => {
    const { geometry: found, data } = decodeNifti(niftiFixture({ ...plain, values: twelve }), 'a.nii');
    expect(found).toEqual({ frames: 2, rows: 2, columns: 3, spacingMm: [1.1, 0.7], frameTimeMs: 40 });
    expect([...data]).toEqual(twelve);
  });

  test('2D+time stored as 4D with a third axis of 1 is read too', () => {
    const file = niftiFixture({ dims: [3, 2, 1, 2], pixdim: [0.7, 1.1, 9, 0.04], values: twelve });
    expect(decodeNifti(file, 'a.nii').geometry).toMatchObject({
      frames: 2,
      rows: 2,
      columns: 3,
      frameTimeMs: 40,
    });
  });

  test('a single picture is a video of one frame and needs no frame time', () => {
    const file = niftiFixture({ dims: [3, 2], pixdim: [0.7, 1.1], values: twelve.slice(0, 6) });
    expect(decodeNifti(file, 'a.nii').geometry).toMatchObject({ frames: 1, frameTimeMs: 0 });
  });

  test.each([
    ['metres and milliseconds', 1 | 16, [0.0007, 0.0011, 40]],
    ['micrometres and microseconds', 3 | 24, [700, 1100, 40_000]],
    ['unknown units, taken as mm and seconds', 0, [0.7, 1.1, 0.04]],
  ])('%s are honoured', (_, units, pixdim) => {
    const { geometry: found } = decodeNifti(
      niftiFixture({ ...plain, pixdim, units, values: twelve }),
      'a.nii',
    );
    expect(found).toMatchObject({ spacingMm: [1.1, 0.7], frameTimeMs: 40 });
  });

  test.each([
    [2, false],
    [4, true],
    [512, true],
    [8, false],
    [16, true],
    [64, true],
    [64, false],
    [256, false],
    [768, true],
    [1024, false],
    [1024, true],
    [1280, false],
  ])('data type %i is read (big endian: %s)', (datatype, bigEndian) => {
    const file = niftiFixture({ ...plain, datatype, bigEndian, values: twelve });
    expect([...decodeNifti(gzipSync(file), 'a.nii.gz').data]).toEqual(twelve);
  });

  test('slope and intercept are applied, and a slope of 0 or NaN means none', () => {
    const values = twelve.map((value) => value + 5);
    const scaled = niftiFixture({ ...plain, datatype: 4, slope: 2, intercept: -10, values });
    expect([...decodeNifti(scaled, 'a.nii').data]).toEqual(twelve.map((value) => value * 2));
    for (const slope of [0, Number.NaN]) {
      expect([...decodeNifti(niftiFixture({ ...plain, slope, intercept: 7, values }), 'a.nii').data]).toEqual(
        values,
      );
    }
  });

  test('grey levels beyond bytes are divided by their maximum, negative ones shifted to 0', () => {
    const values = twelve.map((value) => value * 100 - 100);
    const { intensities } = readGreyNifti(niftiFixture({ ...plain, datatype: 4, values }), 'a.nii');
    expect(intensities[0]).toBe(0);
    expect(intensities[11]).toBe(1);
    expect(intensities[1]).toBeCloseTo(1 / 11);
  });

  test('labels that scaling made inexact are still labels', () => {
    const values = twelve.map((value) => (value % 3) * 100);
    const file = niftiFixture({ ...plain, datatype: 4, slope: 0.01, values });
    expect([...readLabelNifti(file, 'a.nii').labels]).toEqual(twelve.map((value) => value % 3));
  });
});

describe('bad files are refused with name, expectation, finding and remedy', () => {
  test('a text file named .nii.gz', () => {
    const text = new TextEncoder().encode('patient,view\n'.repeat(100));
    const { code, message } = failure(() => readGreyNifti(text, 'clip.nii.gz'));
    expect(code).toBe('FormatUnsupported');
    expect(message).toMatch(/clip\.nii\.gz: expected a NIfTI.* found a text file/);
    expect(message).not.toContain('patient');
    expect(failure(() => readGreyNifti(gzipSync(text), 'clip.nii.gz')).code).toBe('FormatUnsupported');
  });

  test('a label 7, with its count and first frame', () => {
    const values = [...twelve.map((value) => value % 3)];
    values[7] = 7;
    values[8] = 7;
    const { code, message } = failure(() => readLabelNifti(niftiFixture({ ...plain, values }), 'm.nii'));
    expect(code).toBe('LabelMapInvalid');
    expect(message).toMatch(/m\.nii: expected labels 0 .* found 7 \(2 pixels, first in frame 1\)/);
  });

  test('NaN pixels, with their count and first frame', () => {
    const values = twelve.map((value) => (value > 9 ? Number.NaN : value));
    const { code, message } = failure(() =>
      readGreyNifti(niftiFixture({ ...plain, datatype: 16, values }), 'm.nii'),
    );
    expect(code).toBe('DatasetInvalid');
    expect(message).toMatch(/found 2 NaN or infinite pixels, the first in frame 1/);
    expect(
      failure(() => readLabelNifti(niftiFixture({ ...plain, datatype: 16, values }), 'm.nii')).code,
    ).toBe('LabelMapInvalid');
  });

  test.each([0, -0.7, Number.NaN, Number.POSITIVE_INFINITY, 700])('a pixel size of %f mm', (size) => {
    const file = niftiFixture({ ...plain, pixdim: [size, 1.1, 0.04], values: twelve });
    const { code, message } = failure(() => readGreyNifti(file, 's.nii'));
    expect(code).toBe('DatasetInvalid');
    expect(message).toMatch(/s\.nii: expected a pixel size/);
  });

  test.each([0, -1, Number.NaN])('a frame time of %f s', (seconds) => {
    const file = niftiFixture({ ...plain, pixdim: [0.7, 1.1, seconds], values: twelve });
    expect(failure(() => readGreyNifti(file, 's.nii')).message).toMatch(/positive time between frames/);
  });

  test('a file that was cut short, plain or compressed', () => {
    const short = niftiFixture({ ...plain, values: twelve.slice(0, 7) });
    expect(failure(() => readGreyNifti(short, 'c.nii')).message).toMatch(/expected 364 bytes .* found 359/);
    expect(failure(() => readGreyNifti(gzipSync(short), 'c.nii.gz')).code).toBe('DatasetInvalid');
    const packed = gzipSync(niftiFixture({ ...plain, values: twelve }));
    expect(failure(() => readGreyNifti(packed.subarray(0, packed.length - 12), 'c.nii.gz')).code).toBe(
      'DatasetInvalid',
    );
    expect(failure(() => readGreyNifti(new Uint8Array(), 'c.nii')).message).toMatch(/empty/);
  });

  test('a compressed file that expands to more than its header announces', () => {
    const bomb = new Uint8Array(8 * 2 ** 20);
    bomb.set(niftiFixture({ ...plain, values: twelve }));
    const { code, message } = failure(() => readGreyNifti(gzipSync(bomb), 'b.nii.gz'));
    expect(code).toBe('LimitExceeded');
    expect(message).toMatch(/b\.nii\.gz: expected 364 bytes after expansion/);
  });

  test('a header that announces more than is plausible, before anything is expanded', () => {
    const file = niftiFixture({ dims: [30_000, 30_000, 4000], pixdim: [1, 1, 1], values: [] });
    expect(failure(() => readGreyNifti(gzipSync(file), 'h.nii.gz')).code).toBe('LimitExceeded');
    const negative = niftiFixture({ dims: [-3, 2, 2], pixdim: [1, 1, 1], values: twelve });
    expect(failure(() => readGreyNifti(negative, 'h.nii')).code).toBe('DatasetInvalid');
  });

  test('volumes over time, colour, and a header extension that never ends', () => {
    const volume = niftiFixture({ dims: [3, 2, 2, 2], pixdim: [1, 1, 1, 1], values: twelve });
    expect(failure(() => readGreyNifti(volume, 'v.nii')).message).toMatch(/found 4 axes of 3 x 2 x 2 x 2/);
    const colour = niftiFixture({ ...plain, datatype: 128, values: twelve });
    expect(failure(() => readGreyNifti(colour, 'v.nii')).code).toBe('FormatUnsupported');
    const extended = niftiFixture({ ...plain, values: twelve });
    extended.set([1, 0, 0, 0, 0xf0, 0xff, 0xff, 0xff], 348);
    expect([...decodeNifti(extended, 'v.nii').data].slice(4)).toEqual(twelve.slice(4));
  });

  test('pixels that start inside the header', () => {
    const file = niftiFixture({ ...plain, values: twelve });
    new DataView(file.buffer).setFloat32(108, 0, true);
    expect(failure(() => readGreyNifti(file, 'o.nii')).message).toMatch(/vox_offset 0/);
  });
});
