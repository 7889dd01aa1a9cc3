import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type DicomFixture, dicomFixture, type RegionFixture } from '../dicom.fixture.ts';
import { type DicomOptions, readDicom } from './read-dicom.ts';

const rows = 60;
const columns = 80;
const pixels = rows * columns;

/** Frames in which a block moves (its speckle changes), with a bright sign in the top left corner that does not. */
function moving(box: { top: number; bottom: number; left: number; right: number }, frames = 4): Uint8Array {
  const bytes = new Uint8Array(frames * pixels);
  for (let t = 0; t < frames; t++) {
    bytes.fill(250, t * pixels, t * pixels + 6);
    for (let row = box.top; row <= box.bottom; row++) {
      for (let column = box.left; column <= box.right; column++) {
        bytes[t * pixels + row * columns + column] = 40 + ((row * 31 + column * 17 + t * 57) % 160);
      }
    }
  }
  return bytes;
}

const whole: RegionFixture = { box: [0, 0, 79, 59], centimetres: [0.07, 0.11] };
const inner = { top: 20, bottom: 45, left: 25, right: 60 };
const base: DicomFixture = {
  ...{ rows, columns, frames: 4, frameTime: '40', regions: [whole], pixels: moving(inner) },
};
const read = (changes: Partial<DicomFixture>, options: DicomOptions = {}) =>
  readDicom(dicomFixture({ ...base, ...changes }), 'a.dcm', options);
const { regions: _, frameTime: __, ...bare } = base;
const readBare = (changes: Partial<DicomFixture>, options: DicomOptions = {}) =>
  readDicom(dicomFixture({ ...bare, ...changes }), 'a.dcm', options);

describe('the real cine loop', async () => {
  const file = readFileSync(new URL('../../examples/echo-cine-30f.dcm', import.meta.url));
  const video = await readDicom(file, 'echo.dcm');
  const brightest = (row: number, column: number, height: number, width: number) => {
    let highest = 0;
    for (let r = row; r < row + height; r++) {
      for (let c = column; c < column + width; c++) {
        for (let t = 0; t < video.frames; t++)
          highest = Math.max(highest, video.intensities[t * 320 * 240 + r * 320 + c]!);
      }
    }
    return highest;
  };

  test('has its frames, its frame time, and the pixel size that its depth scale shows', () => {
    expect(video).toMatchObject({ frames: 30, rows: 240, columns: 320, frameTimeMs: 33.333 });
    // The 5 cm ticks beside the sector are 49 stored rows apart.
    expect(video.spacingMm[0]).toBeCloseTo(50 / 49, 2);
    expect(video.spacingMm[1]).toBe(video.spacingMm[0]);
    expect(video.notes.join()).toContain('stored 2 times smaller than the screen');
  });

  test('keeps the heart and loses what was written around the sector', () => {
    expect(brightest(90, 140, 60, 20)).toBeGreaterThan(0.3);
    expect(brightest(165, 90, 15, 60)).toBeGreaterThan(0.3);
    // Patient and probe names at the top left, settings and depth scale at the right, the menu below.
    expect(brightest(0, 0, 35, 45)).toBe(0);
    expect(brightest(0, 285, 240, 35)).toBe(0);
    expect(brightest(215, 0, 25, 320)).toBe(0);
  });

  test('loses it also when pixel size and frame time are given and forced', async () => {
    const forced = await readDicom(file, 'echo.dcm', {
      ...{ spacingMm: [0.5, 0.5], frameTimeMs: 20, force: ['spacing-conflict', 'frame-time-conflict'] },
    });
    expect(forced).toMatchObject({ spacingMm: [0.5, 0.5], frameTimeMs: 20 });
    expect(Buffer.from(forced.intensities.buffer).equals(Buffer.from(video.intensities.buffer))).toBe(true);
  });
});

describe('pixel size', () => {
  test('centimetres per column and row become mm as [row, column]', async () => {
    const { spacingMm } = await read({});
    expect(spacingMm[0]).toBeCloseTo(1.1);
    expect(spacingMm[1]).toBeCloseTo(0.7);
  });

  test('is that of the 2D tissue, whatever stands before it, and its sign is a direction', async () => {
    const ecg: RegionFixture = { box: [0, 50, 79, 59], centimetres: [0.9, 0.9], format: 4, type: 10 };
    const mMode: RegionFixture = { box: [0, 0, 39, 59], centimetres: [0.8, 0.8], format: 2 };
    const nothing: RegionFixture = { box: [0, 0, 79, 59], centimetres: undefined, format: 0, type: 0 };
    const small: RegionFixture = { box: [0, 0, 9, 9], centimetres: [0.5, 0.5] };
    const regions = [nothing, ecg, mMode, small, { ...whole, centimetres: [-0.07, 0.11] as const }];
    const { spacingMm, notes } = await read({ regions });
    expect(spacingMm[1]).toBeCloseTo(0.7);
    expect(notes.join()).toContain('2 2D views; the largest is kept');
  });

  test('is that of PixelSpacing where no region has one', async () => {
    const extra = [{ tag: [0x28, 0x30], vr: 'DS', value: '0.3\\0.4' } as const];
    expect((await readBare({ frameTime: '40', extra })).spacingMm).toEqual([0.3, 0.4]);
    const uncalibrated = { ...whole, centimetres: undefined };
    expect((await read({ regions: [uncalibrated], extra })).spacingMm).toEqual([0.3, 0.4]);
  });

  test('a region that ends a pixel past the picture is in it', async () => {
    const { spacingMm } = await read({ regions: [{ ...whole, box: [0, 0, 81, 61] }] });
    expect(spacingMm[1]).toBeCloseTo(0.7);
  });

  test('a region beyond the picture doubles it only where the picture shows that it was stored at half size', async () => {
    const beyond = { ...whole, box: [40, 30, 130, 100] } as const;
    const { spacingMm } = await read({ regions: [beyond] });
    expect(spacingMm[1]).toBeCloseTo(1.4);
    // The same region in a picture that goes on to the edges where it was cut.
    const cut = { regions: [beyond], pixels: moving({ top: 30, bottom: 59, left: 40, right: 79 }) };
    await expect(read(cut)).rejects.toThrow(/found its corner at row 100, column 130, outside it/);
    const given = await read(cut, { spacingMm: [0.5, 0.5] });
    expect(given.spacingMm).toEqual([0.5, 0.5]);
    // A still picture tells nothing.
    await expect(read({ frames: 1, regions: [beyond] })).rejects.toThrow(/its pixel size is not known/);
    const unclear = { ...whole, box: [0, 0, 100, 59] } as const;
    await expect(read({ regions: [unclear] })).rejects.toThrow(/found its corner at row 59, column 100/);
  });

  test('what is given fills in what is missing, and never replaces what the header says', async () => {
    const spacingMm = [0.5, 0.6] as const;
    await expect(readBare({ frameTime: '40' })).rejects.toThrow(/a\.dcm: expected a pixel size/);
    expect((await readBare({ frameTime: '40' }, { spacingMm })).spacingMm).toEqual(spacingMm);
    const conflict = read({}, { spacingMm });
    await expect(conflict).rejects.toThrow(/given is 0\.5 x 0\.6 mm, the header states 1\.1 x 0\.7 mm/);
    await expect(conflict).rejects.toMatchObject({ details: { reason: 'spacing-conflict' } });
    expect((await read({}, { spacingMm, force: ['spacing-conflict'] })).spacingMm).toEqual(spacingMm);
    const same = await read({}, { spacingMm: [1.1, 0.7] });
    expect(same.spacingMm[0]).toBeCloseTo(1.1);
  });

  test('one that no echo has is refused', async () => {
    const regions = [{ ...whole, centimetres: [70, 110] as const }];
    await expect(read({ regions })).rejects.toThrow(
      /expected a pixel size of 0\.01 to 20 mm, found 1100 x 700 mm/,
    );
    await expect(readBare({ frameTime: '40' }, { spacingMm: [0, 1] })).rejects.toThrow(
      /found 0 x 1 mm given/,
    );
  });
});

describe('frame time', () => {
  const ds = (group: number, element: number, value: string) =>
    ({ tag: [group, element], vr: 'DS', value }) as const;
  const time = async (changes: Partial<DicomFixture>) =>
    (await readBare({ regions: [whole], ...changes })).frameTimeMs;

  test('is the frame time, the mean of the vector without its leading 0, or a rate', async () => {
    expect(await time({ frameTime: '25' })).toBe(25);
    expect(await time({ frameTimeVector: '0\\30\\40\\50' })).toBe(40);
    expect(await time({ frameTimeVector: '33\\50\\33\\50' })).toBe(41.5);
    expect(await time({ extra: [ds(0x18, 0x40, '50')] })).toBe(20);
    expect(await time({ extra: [ds(8, 0x2144, '25')] })).toBe(40);
  });

  test('one that cannot be the time between two frames gives way to one that can', async () => {
    expect(await time({ frameTime: '0.0333', extra: [ds(0x18, 0x40, '30')] })).toBeCloseTo(33.33, 2);
    expect(await time({ frameTime: '0', extra: [ds(0x18, 0x40, '50')] })).toBe(20);
    await expect(time({ frameTime: '5000' })).rejects.toThrow(/1 to 250 ms\), found FrameTime 5000 ms/);
    await expect(time({})).rejects.toThrow(/expected the time between its 4 frames .* found none/);
    await expect(time({ frameTime: 'DOE^JANE' })).rejects.toThrow(/found none/);
  });

  test('what is given fills in what is missing or cannot be, and never replaces what the header says', async () => {
    const frameTimeMs = 25;
    expect((await readBare({ regions: [whole] }, { frameTimeMs })).frameTimeMs).toBe(25);
    expect((await readBare({ regions: [whole], frameTime: '5000' }, { frameTimeMs })).frameTimeMs).toBe(25);
    await expect(read({}, { frameTimeMs })).rejects.toThrow(
      /given is 25 ms, the header states 40 ms \(FrameTime\)/,
    );
    expect((await read({}, { frameTimeMs, force: ['frame-time-conflict'] })).frameTimeMs).toBe(25);
    await expect(readBare({ regions: [whole] }, { frameTimeMs: 0 })).rejects.toThrow(/found 0 ms given/);
  });

  test('a still picture has none', async () => {
    const region: RegionFixture = { ...whole, box: [20, 15, 70, 50] };
    expect(await time({ frames: 1, regions: [region] })).toBe(0);
  });
});

describe('blanking', () => {
  const at = (video: { intensities: Float32Array }, row: number, column: number) =>
    video.intensities[row * columns + column]!;

  test('a sign outside the picture that moves goes, whatever is given', async () => {
    for (const options of [{}, { spacingMm: [1, 1] as const, frameTimeMs: 30 }]) {
      const video = Object.keys(options).length === 0 ? await read({}) : await readBare({}, options);
      expect(at(video, 0, 2)).toBe(0);
      expect(at(video, 30, 40)).toBeGreaterThan(0);
    }
  });

  test('a still picture keeps its region alone, less the regions of ECG and spectra in it', async () => {
    const region: RegionFixture = { ...whole, box: [20, 10, 70, 50] };
    const ecg: RegionFixture = { box: [20, 40, 70, 50], centimetres: undefined, format: 4, type: 10 };
    const still = { frames: 1, pixels: new Uint8Array(pixels).fill(200) };
    const video = await read({ ...still, regions: [region, ecg] });
    expect(at(video, 9, 40)).toBe(0);
    expect(at(video, 10, 40)).toBeGreaterThan(0);
    expect(at(video, 39, 70)).toBeGreaterThan(0);
    expect(at(video, 40, 40)).toBe(0);
    expect(at(video, 30, 71)).toBe(0);
  });

  test('what moves outside the region, as an ECG does, goes', async () => {
    const both = moving(inner);
    moving({ top: 50, bottom: 58, left: 0, right: 79 }).forEach((value, i) => {
      both[i] = Math.max(both[i]!, value);
    });
    const video = await read({ pixels: both, regions: [{ ...whole, box: [20, 15, 65, 48] }] });
    expect(at(video, 30, 40)).toBeGreaterThan(0);
    expect(at(video, 54, 40)).toBe(0);
  });

  test('a picture whose text cannot be told from it is refused, unless the header says that there is none', async () => {
    const still = { frames: 1 };
    const given = { spacingMm: [1, 1] as const };
    await expect(readBare(still, given)).rejects.toMatchObject({ details: { reason: 'burned-in-text' } });
    expect(at(await readBare(still, { ...given, force: ['burned-in-text'] }), 0, 2)).toBeGreaterThan(0.9);
    const extra = [{ tag: [0x28, 0x301], vr: 'CS', value: 'NO' } as const];
    expect(at(await readBare({ ...still, extra }, given), 0, 2)).toBeGreaterThan(0.9);
  });

  test('a region that is the whole screen tells as little of a still picture as none', async () => {
    const still = { frames: 1 };
    await expect(read(still)).rejects.toMatchObject({ details: { reason: 'burned-in-text' } });
    const video = await read({ ...still, regions: [{ ...whole, box: [0, 4, 79, 59] }] });
    expect(at(video, 0, 2)).toBe(0);
    const extra = [{ tag: [0x28, 0x301], vr: 'CS', value: 'NO' } as const];
    expect(at(await read({ ...still, extra }), 0, 2)).toBeGreaterThan(0.9);
  });

  test('a region that is not where the picture moves is refused', async () => {
    const elsewhere = { regions: [{ ...whole, box: [0, 0, 20, 12] as const }] };
    await expect(read(elsewhere)).rejects.toMatchObject({ details: { reason: 'region-conflict' } });
    const forced = await read(elsewhere, { force: ['region-conflict'] });
    expect(at(forced, 30, 40)).toBeGreaterThan(0);
    expect(at(forced, 0, 2)).toBe(0);
  });
});
