import { readFileSync } from 'node:fs';
import dicomParser from 'dicom-parser';
import { describe, expect, test } from 'vitest';
import { type DicomFixture, dicomFixture } from './dicom.fixture.ts';
import { readDicom } from './dicom.ts';

const region = { box: [0, 0, 3, 1], centimetres: [0.07, 0.11] } as const;
const plain: DicomFixture = {
  rows: 2,
  columns: 4,
  frames: 2,
  region,
  frameTime: '40',
  pixels: Uint8Array.from({ length: 16 }, (_, i) => i * 10),
};
const read = (changes: Partial<DicomFixture>) => readDicom(dicomFixture({ ...plain, ...changes }), 'a.dcm');

describe('the real cine loop', async () => {
  const video = await readDicom(
    readFileSync(new URL('../examples/echo-cine-30f.dcm', import.meta.url)),
    'echo.dcm',
  );
  const pixels = video.rows * video.columns;
  const brightest = (row: number, column: number, height: number, width: number) => {
    let highest = 0;
    for (let r = row; r < row + height; r++) {
      for (let c = column; c < column + width; c++) {
        for (let t = 0; t < video.frames; t++)
          highest = Math.max(highest, video.intensities[t * pixels + r * 320 + c]!);
      }
    }
    return highest;
  };

  test('has its frames, its frame time, and the pixel size that its depth scale shows', () => {
    expect(video).toMatchObject({ frames: 30, rows: 240, columns: 320, frameTimeMs: 33.333 });
    // The 5 cm ticks beside the sector are 49 stored rows apart.
    expect(video.spacingMm[0]).toBeCloseTo(50 / 49, 2);
    expect(video.spacingMm[1]).toBe(video.spacingMm[0]);
  });

  test('keeps the heart and loses what was written around the sector', () => {
    expect(brightest(90, 140, 60, 20)).toBeGreaterThan(0.3);
    expect(brightest(165, 90, 15, 60)).toBeGreaterThan(0.3);
    // Patient and probe names at the top left, settings and depth scale at the right, the menu below.
    expect(brightest(0, 0, 35, 45)).toBe(0);
    expect(brightest(0, 285, 240, 35)).toBe(0);
    expect(brightest(215, 0, 25, 320)).toBe(0);
  });
});

describe('pixels', () => {
  test('grey bytes are divided by 255, inverted for MONOCHROME1', async () => {
    expect((await read({})).intensities[3]).toBeCloseTo(30 / 255);
    expect((await read({ photometric: 'MONOCHROME1' })).intensities[3]).toBeCloseTo(225 / 255);
  });

  test('16-bit grey is divided by its highest value', async () => {
    const pixels = new Uint8Array(Uint16Array.from({ length: 16 }, (_, i) => i * 4369).buffer);
    const { intensities } = await read({ bits: 16, pixels });
    expect(intensities[15]).toBe(1);
    expect(intensities[3]).toBeCloseTo(0.2);
  });

  test('RGB, interleaved or by planes, becomes luma', async () => {
    const colours = [...[255, 0, 0], ...[0, 255, 0], ...[0, 0, 255], ...[255, 255, 255]];
    const rgb = { rows: 1, columns: 4, frames: 1, samples: 3, photometric: 'RGB' };
    const expected = [0.299, 0.587, 0.114, 1];
    const planes = [0, 1, 2].flatMap((sample) => [0, 1, 2, 3].map((pixel) => colours[3 * pixel + sample]!));
    for (const [planar, pixels] of [[0, colours] as const, [1, planes] as const]) {
      const { intensities } = await read({ ...rgb, planar, pixels: Uint8Array.from(pixels) });
      expected.forEach((value, i) => {
        expect(intensities[i]).toBeCloseTo(value, 6);
      });
    }
  });

  test('YBR gives its Y, whole or with shared colour', async () => {
    const ybr = { rows: 1, columns: 4, frames: 1, samples: 3 };
    const full = Uint8Array.of(10, 128, 128, 20, 99, 1, 30, 128, 128, 40, 128, 128);
    const shared = Uint8Array.of(10, 20, 128, 128, 30, 40, 99, 1);
    for (const [photometric, pixels] of [['YBR_FULL', full] as const, ['YBR_FULL_422', shared] as const]) {
      const { intensities } = await read({ ...ybr, photometric, pixels });
      expect([...intensities].map((value) => Math.round(value * 255))).toEqual([10, 20, 30, 40]);
    }
  });
});

describe('geometry', () => {
  test('pixel size in cm per column and row becomes mm as [row, column]', async () => {
    const { spacingMm } = await read({});
    expect(spacingMm[0]).toBeCloseTo(1.1);
    expect(spacingMm[1]).toBeCloseTo(0.7);
  });

  test('a region on a screen twice the stored size doubles the pixel size', async () => {
    const { spacingMm } = await read({ region: { ...region, box: [0, 0, 7, 3] } });
    expect(spacingMm[0]).toBeCloseTo(2.2);
    expect(spacingMm[1]).toBeCloseTo(1.4);
  });

  test('a region that leaves the picture by an unclear factor is refused', async () => {
    await expect(read({ region: { ...region, box: [0, 0, 5, 1] } })).rejects.toThrow(
      /a\.dcm: .*found its corner at row 1, column 5/,
    );
  });

  test('without pixel size or frame time the file is refused, unless they are given', async () => {
    const { region: _, frameTime: __, ...bare } = plain;
    const file = dicomFixture(bare);
    await expect(readDicom(file, 'a.dcm')).rejects.toThrow(/a\.dcm: expected a pixel size/);
    await expect(readDicom(file, 'a.dcm', { spacingMm: [1, 1] })).rejects.toThrow(
      /expected the time between its 2 frames/,
    );
    const video = await readDicom(file, 'a.dcm', { spacingMm: [1, 1], frameTimeMs: 25 });
    expect(video).toMatchObject({ spacingMm: [1, 1], frameTimeMs: 25 });
  });

  test('a vector of frame times gives its mean, without the leading 0', async () => {
    const { frameTime: _, ...bare } = plain;
    const video = await readDicom(dicomFixture({ ...bare, frameTimeVector: '0\\20\\30' }), 'a.dcm');
    expect(video.frameTimeMs).toBe(25);
  });
});

describe('bad files', () => {
  test.each<[string, Partial<DicomFixture>, RegExp]>([
    [
      'another compression',
      { transferSyntax: '1.2.840.10008.1.2.4.90' },
      /found transfer syntax 1\.2\.840\.10008\.1\.2\.4\.90/,
    ],
    ['palette colour', { photometric: 'PALETTE COLOR' }, /found 1 samples of 8 bits, PALETTE COLOR/],
    ['too few pixels', { frames: 9 }, /expected 72 bytes of pixels, found 16/],
    ['no rows', { rows: 0 }, /at least one frame, row and column/],
    [
      'JPEG announced, plain pixels found',
      { transferSyntax: '1.2.840.10008.1.2.4.50' },
      /expected JPEG frames/,
    ],
  ])('%s', async (_, changes, message) => {
    await expect(read(changes)).rejects.toThrow(message);
  });

  test('a header cut short is a final error that shows none of its content', async () => {
    const error = await readDicom(dicomFixture(plain).subarray(0, 180), 'a.dcm').catch(
      (failure: unknown) => failure,
    );
    expect(error).toMatchObject({ code: 'DatasetInvalid' });
    expect(String(error)).not.toContain('DOE');
  });

  test('a damaged JPEG frame is named', async () => {
    const bytes = Uint8Array.from(readFileSync(new URL('../examples/echo-cine-30f.dcm', import.meta.url)));
    const item = dicomParser.parseDicom(bytes).elements.x7fe00010!.fragments![7]!;
    bytes.fill(0, item.position, item.position + item.length);
    await expect(readDicom(bytes, 'echo.dcm')).rejects.toThrow(
      /echo\.dcm: expected 30 JPEG frames, found a damaged one at frame 7/,
    );
  });
});
