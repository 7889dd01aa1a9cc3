import { describe, expect, test } from 'vitest';
import type { DicomElement, DicomFixture } from '../dicom.fixture.ts';
import { jpegLossless } from '../dicom-streams.fixture.ts';
import { bytesOf, ROOT, read } from './keep-all.fixture.ts';
import { expandSegments } from './segmented-palette.ts';

const little16 = (values: readonly number[]) => new Uint8Array(Uint16Array.from(values).buffer);
const colours = [...[255, 0, 0], ...[0, 255, 0], ...[0, 0, 255], ...[255, 255, 255]];
const colourLuma = [76, 150, 29, 255];
const colour = { rows: 1, columns: 4, frames: 1, samples: 3, photometric: 'RGB' } as const;

describe('uncompressed pixels', () => {
  const ramp = [0, 30, 60, 90, 120, 150, 180, 255];
  const pixels = Uint8Array.from(ramp);

  test('bytes are divided by 255, inverted for MONOCHROME1', async () => {
    expect(await bytesOf({ pixels })).toEqual(ramp);
    expect(await bytesOf({ pixels, photometric: 'MONOCHROME1' })).toEqual(ramp.map((value) => 255 - value));
  });

  test.each([
    ['implicit little endian', `${ROOT}`],
    ['explicit little endian', `${ROOT}.1`],
    ['deflated', `${ROOT}.1.99`],
    ['explicit big endian', `${ROOT}.2`],
  ])('%s, with and without preamble, gives the same pixels', async (_, transferSyntax) => {
    expect(await bytesOf({ pixels, transferSyntax })).toEqual(ramp);
    expect(await bytesOf({ pixels, transferSyntax, without: 'preamble' })).toEqual(ramp);
  });

  test.each([`${ROOT}`, `${ROOT}.1`, `${ROOT}.2`])(
    'a data set of %s without meta information is read by how its elements are written',
    async (transferSyntax) => {
      expect(await bytesOf({ pixels, transferSyntax, without: 'meta' })).toEqual(ramp);
    },
  );

  test('sixteen bits keep all their levels, in either byte order', async () => {
    const values = [0, 1, 2, 3, 138, 139, 140, 141];
    const { intensities, facts } = await read({ bits: 16, pixels: little16(values), frameTime: '40' });
    expect(new Set(intensities).size).toBe(8);
    expect(facts).toMatchObject({ sourceBits: 16, distinctLevels: 8, keptLevels: 8 });
    const swapped = new Uint8Array(values.flatMap((value) => [value >> 8, value & 255]));
    const big = await read({ bits: 16, pixels: swapped, transferSyntax: `${ROOT}.2` });
    expect(big.intensities).toEqual(intensities);
  });

  test('bytes that a big endian file has in words are put in order, over the ends of frames', async () => {
    const odd = { rows: 1, columns: 3, frames: 2, frameTime: '40', transferSyntax: `${ROOT}.2` };
    const extra: DicomElement[] = [{ tag: [0x7fe0, 0x10], vr: 'OW', value: Uint8Array.of(2, 1, 4, 3, 6, 5) }];
    expect(await bytesOf({ ...odd, extra })).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('signs, stored bits and the high bit are those of the header, rescaled into the window', async () => {
    const stored = [-2048, -1024, 0, 1024, 2047, 0, 0, 0];
    // Twelve bits above four that mean nothing.
    const pixels = little16(stored.map((value) => (((value & 4095) << 4) | 9) & 65_535));
    const { intensities, facts } = await read({
      bits: 16,
      stored: 12,
      high: 15,
      isSigned: true,
      pixels,
      extra: [
        { tag: [0x28, 0x1050], vr: 'DS', value: '100.5' },
        { tag: [0x28, 0x1051], vr: 'DS', value: '8193' },
        { tag: [0x28, 0x1052], vr: 'DS', value: '100' },
        { tag: [0x28, 0x1053], vr: 'DS', value: '2' },
      ],
    });
    expect(facts).toMatchObject({ sourceBits: 12, scaling: { kind: 'window', low: -3996, high: 4196 } });
    stored.forEach((value, i) => {
      expect(intensities[i]).toBeCloseTo((2 * value + 100 + 3996) / 8192, 6);
    });
  });

  test('RGB, interleaved or by planes, becomes luma', async () => {
    const planes = [0, 1, 2].flatMap((sample) => [0, 1, 2, 3].map((pixel) => colours[3 * pixel + sample]!));
    expect(await bytesOf({ ...colour, pixels: Uint8Array.from(colours) })).toEqual(colourLuma);
    expect(await bytesOf({ ...colour, planar: 1, pixels: Uint8Array.from(planes) })).toEqual(colourLuma);
  });

  test('YBR gives its Y, whole, by planes or with shared colour', async () => {
    const full = [10, 128, 128, 20, 99, 1, 30, 128, 128, 40, 128, 128];
    const planes = [10, 20, 30, 40, 128, 99, 128, 128, 128, 1, 128, 128];
    const shared = [10, 20, 128, 128, 30, 40, 99, 1];
    for (const [photometric, planar, pixels] of [
      ['YBR_FULL', 0, full],
      ['YBR_FULL', 1, planes],
      ['YBR_FULL_422', 0, shared],
      // As decompressing programs leave it: called 422, and with its colours for each pixel.
      ['YBR_FULL_422', 0, full],
      ['YBR_FULL_422', 1, planes],
    ] as const) {
      const found = await bytesOf({ ...colour, photometric, planar, pixels: Uint8Array.from(pixels) });
      expect(found).toEqual([10, 20, 30, 40]);
    }
  });

  test.each([8, 16])(
    'a palette of %i bits gives the luma of its colours; numbers beyond it have the last',
    async (bits) => {
      const entry = (value: number) => (bits === 8 ? value : value * 257);
      const table = (sample: number) => little16([0, 1, 2, 3].map((i) => entry(colours[3 * i + sample]!)));
      const extra: DicomElement[] = [0, 1, 2].flatMap((sample) => [
        { tag: [0x28, 0x1101 + sample], vr: 'US', value: [4, 10, bits] },
        { tag: [0x28, 0x1201 + sample], vr: 'OW', value: table(sample) },
      ]);
      const palette = { rows: 1, columns: 6, photometric: 'PALETTE COLOR', extra };
      const found = await bytesOf({ ...palette, pixels: Uint8Array.of(0, 10, 11, 12, 13, 200) });
      expect(found).toEqual([76, ...colourLuma, 255]);
      await expect(bytesOf({ ...palette, extra: [], pixels: new Uint8Array(6) })).rejects.toThrow(
        /expected a palette of red, green and blue/,
      );
    },
  );
});

describe('palettes in segments', () => {
  const read16 = (data: readonly number[], entries: number) => expandSegments({ data, bits: 16, entries });

  test('runs, lines and copies make the entries', () => {
    // Two entries, a line of four to 100, and the first segment again.
    expect(read16([0, 2, 5, 20, 1, 4, 100, 2, 1, 0, 0], 100)).toEqual([5, 20, 40, 60, 80, 100, 5, 20]);
    const bytes = [0, 2, 5, 20, 1, 4, 100, 2, 1, 0, 0, 0, 0];
    expect(expandSegments({ data: bytes, bits: 8, entries: 100 })).toEqual([5, 20, 40, 60, 80, 100, 5, 20]);
  });

  test('end at the number of entries that the header states, and are refused when they make no sense', () => {
    expect(read16([0, 1, 7, 1, 65_535, 9], 5)).toEqual([7, 7, 7, 7, 7]);
    expect(() => read16([1, 4, 100], 5)).toThrow(/a line starts the palette/);
    expect(() => read16([9, 4, 100], 5)).toThrow(/unknown kind/);
    // A copy of the copy itself.
    expect(() => read16([0, 1, 7, 2, 65_535, 3, 0], 5000)).toThrow(/unknown kind/);
  });

  test('are read like plain ones', async () => {
    const extra: DicomElement[] = [0, 1, 2].flatMap((sample) => [
      { tag: [0x28, 0x1101 + sample], vr: 'US', value: [4, 0, 16] },
      { tag: [0x28, 0x1221 + sample], vr: 'OW', value: little16([0, 1, 0, 1, 3, 65_535]) },
    ]);
    const palette = { rows: 1, columns: 4, photometric: 'PALETTE COLOR', extra };
    expect(await bytesOf({ ...palette, pixels: Uint8Array.of(0, 1, 2, 3) })).toEqual([0, 85, 170, 255]);
  });
});

describe('pixels that are refused', () => {
  test.each<[string, Partial<DicomFixture>, RegExp]>([
    [
      'another compression',
      { transferSyntax: `${ROOT}.4.94` },
      /found transfer syntax 1\.2\.840\.10008\.1\.2\.4\.94/,
    ],
    [
      'too few pixels',
      { frames: 9, frameTime: '40', pixels: new Uint8Array(16) },
      /expected 72 bytes of pixels, found 16/,
    ],
    ['no rows', { rows: 0, pixels: new Uint8Array(2) }, /at least one frame, row and column/],
    ['no pixels', {}, /found an ultrasound recording without pixels/],
    [
      'more bits than have room',
      { stored: 9, pixels: new Uint8Array(8) },
      /at most 8 bits stored in 8, found 9/,
    ],
    [
      'JPEG announced, plain pixels found',
      { transferSyntax: `${ROOT}.4.50`, pixels: new Uint8Array(8) },
      /expected frames of JPEG baseline, found plain pixel data/,
    ],
    [
      'a frame of another size',
      {
        transferSyntax: `${ROOT}.4.70`,
        fragments: [
          jpegLossless({ rows: 9, columns: 9, samples: 1, bits: 8, values: new Array(81).fill(3) }),
        ],
      },
      /expected 2 x 4 pixels, found 9 x 9/,
    ],
  ])('%s', async (_, changes, message) => {
    await expect(read(changes)).rejects.toThrow(message);
  });
});
