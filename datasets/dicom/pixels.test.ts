import { readFileSync } from 'node:fs';
import dicomParser from 'dicom-parser';
import { describe, expect, test } from 'vitest';
import { type DicomElement, type DicomFixture, dicomFixture, offsetsOf } from '../dicom.fixture.ts';
import {
  htj2k,
  jpeg,
  jpeg2000,
  jpegLossless,
  jpegLs,
  jpegLsPlanar,
  type Picture,
  rle,
  withJfif,
} from '../dicom-streams.fixture.ts';
import { type DicomFilmReader, dicomFilmContainer } from './film.ts';
import { type DicomOptions, readDicom } from './read-dicom.ts';
import { expandSegments } from './segmented-palette.ts';

const ROOT = '1.2.840.10008.1.2';
const noText: DicomElement = { tag: [0x28, 0x301], vr: 'CS', value: 'NO' };

/** Reads a file that states neither text nor regions, so that all its pixels are kept. */
function read(changes: Partial<DicomFixture>, options: DicomOptions = {}) {
  const { extra = [], ...rest } = changes;
  const fixture = { rows: 2, columns: 4, frames: 1, ...rest, extra: [noText, ...extra] };
  return readDicom(dicomFixture(fixture), 'a.dcm', { spacingMm: [1, 1], ...options });
}

async function bytesOf(changes: Partial<DicomFixture>, options: DicomOptions = {}) {
  const { intensities } = await read(changes, options);
  return [...intensities].map((value) => Math.round(value * 255));
}

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

describe('compressed pixels', () => {
  const rows = 24;
  const columns = 32;
  const grey = (bits: number, frame = 0): Picture => ({
    rows,
    columns,
    samples: 1,
    bits,
    values: Array.from({ length: rows * columns }, (_, i) =>
      Math.round(((Math.sin(i / 7 + frame) + 1) / 2) * (2 ** bits - 1)),
    ),
  });
  const rgb: Picture = {
    rows,
    columns,
    samples: 3,
    bits: 8,
    values: Array.from({ length: rows * columns * 3 }, (_, i) => 60 + ((i * 13) % 97) + 30 * (i % 3)),
  };
  const rgbLuma = Array.from({ length: rows * columns }, (_, i) =>
    Math.round(0.299 * rgb.values[3 * i]! + 0.587 * rgb.values[3 * i + 1]! + 0.114 * rgb.values[3 * i + 2]!),
  );
  const lossless: readonly [string, string, (picture: Picture) => Uint8Array | Promise<Uint8Array>][] = [
    ['RLE', '.5', rle],
    ['JPEG lossless', '.4.70', jpegLossless],
    ['JPEG lossless, any predictor', '.4.57', jpegLossless],
    ['JPEG-LS', '.4.80', jpegLs],
    ['JPEG-LS, a scan for each colour', '.4.80', jpegLsPlanar],
    ['JPEG 2000', '.4.90', jpeg2000],
    ['HTJ2K', '.4.201', htj2k],
  ];

  test.each(lossless)('%s of 8 and 16 bits keeps every number', async (_, end, encode) => {
    for (const bits of [8, 16] as const) {
      const frames = [grey(bits), grey(bits, 1)];
      const fragments = await Promise.all(frames.map(encode));
      const { intensities, facts } = await read({
        ...{ rows, columns, frames: 2, frameTime: '40', bits, fragments, transferSyntax: `${ROOT}${end}` },
      });
      const highest = 2 ** bits - 1;
      const found = [...intensities].map((value) => Math.round(value * highest));
      expect(facts.scaling).toMatchObject({ low: 0, high: highest });
      expect(found).toEqual(frames.flatMap(({ values }) => values));
    }
  });

  test.each(lossless)('%s keeps colours', async (_, end, encode) => {
    const photometric = ['.4.90', '.4.201'].includes(end) ? 'YBR_RCT' : 'RGB';
    const fragments = [await encode(rgb)];
    const file = { rows, columns, samples: 3, photometric, fragments, transferSyntax: `${ROOT}${end}` };
    expect(await bytesOf(file)).toEqual(rgbLuma);
  });

  test.each(['.4.50', '.4.51'])('JPEG %s is within two grey levels', async (end) => {
    const picture = grey(8);
    const found = await bytesOf({
      rows,
      columns,
      fragments: [await jpeg(picture)],
      transferSyntax: `${ROOT}${end}`,
    });
    expect(Math.max(...found.map((value, i) => Math.abs(value - picture.values[i]!)))).toBeLessThanOrEqual(2);
  });

  test('colours of JPEG are what its markers say, and what the header says where they are silent', async () => {
    const transferSyntax = `${ROOT}.4.50`;
    const unmarked = await jpeg(rgb);
    const stream = withJfif(unmarked);
    const worst = async (photometric: string, fragment: Uint8Array, expected: readonly number[]) => {
      const file = { rows, columns, samples: 3, photometric, fragments: [fragment], transferSyntax };
      const found = await bytesOf(file);
      return Math.max(...found.map((value, i) => Math.abs(value - expected[i]!)));
    };
    expect(await worst('YBR_FULL_422', stream, rgbLuma)).toBeLessThanOrEqual(2);
    // A JFIF marker means YCbCr, whatever the header says.
    expect(await worst('RGB', stream, rgbLuma)).toBeLessThanOrEqual(2);
    expect(await worst('YBR_FULL', unmarked, rgbLuma)).toBeLessThanOrEqual(2);
    // Without a word in the stream, its three components are the header's RGB: here Y, Cb and Cr taken for colours.
    const asRgb = rgb.values.map((_, i) => {
      const [r, g, b] = [0, 1, 2].map((c) => rgb.values[i - (i % 3) + c]!) as [number, number, number];
      return [
        0.299 * r + 0.587 * g + 0.114 * b,
        128 - 0.168736 * r - 0.331264 * g + 0.5 * b,
        128 + 0.5 * r - 0.418688 * g - 0.081312 * b,
      ][i % 3]!;
    });
    const lumaOfStored = rgbLuma.map((_, i) =>
      Math.round(0.299 * asRgb[3 * i]! + 0.587 * asRgb[3 * i + 1]! + 0.114 * asRgb[3 * i + 2]!),
    );
    expect(await worst('RGB', unmarked, lumaOfStored)).toBeLessThanOrEqual(2);
  });

  test('frames cut into fragments are found by the table of offsets, or without one by where streams start', async () => {
    const frames = await Promise.all([grey(8), grey(8, 1), grey(8, 2)].map(jpegLossless));
    const cut = frames.flatMap((stream) => {
      const half = 2 * Math.floor(stream.length / 4);
      return [stream.subarray(0, half), stream.subarray(half)];
    });
    const starts = offsetsOf(cut).filter((_, i) => i % 2 === 0);
    const file = { rows, columns, frames: 3, frameTime: '40', transferSyntax: `${ROOT}.4.70` };
    const whole = await bytesOf({ ...file, fragments: frames });
    expect(await bytesOf({ ...file, fragments: cut, offsets: starts })).toEqual(whole);
    expect(await bytesOf({ ...file, fragments: cut })).toEqual(whole);
    expect(await bytesOf({ ...file, fragments: cut, offsets: [0, 3, 7] })).toEqual(whole);
    const extended = new Uint8Array(BigUint64Array.from(starts, BigInt).buffer);
    const extra: DicomElement[] = [{ tag: [0x7fe0, 1], vr: 'OV', value: extended }];
    expect(await bytesOf({ ...file, fragments: cut, extra })).toEqual(whole);
    await expect(bytesOf({ ...file, fragments: frames.slice(1) })).rejects.toThrow(
      /expected 3 compressed frames, found 2 in 2 fragments/,
    );
  });

  test('a damaged frame is named with its number', async () => {
    const bytes = Uint8Array.from(readFileSync(new URL('../../examples/echo-cine-30f.dcm', import.meta.url)));
    const item = dicomParser.parseDicom(bytes).elements.x7fe00010!.fragments![7]!;
    bytes.fill(0, item.position, item.position + item.length);
    await expect(readDicom(bytes, 'echo.dcm')).rejects.toThrow(
      /echo\.dcm: expected 30 frames of JPEG baseline, found a damaged one at frame 7/,
    );
  });

  test('JPEG of twelve bits is said to be what it is, not damaged', async () => {
    const stream = (await jpeg(grey(8))).slice();
    stream[stream.indexOf(0xc0, 2) + 3] = 12;
    const reading = read({ rows, columns, bits: 16, fragments: [stream], transferSyntax: `${ROOT}.4.51` });
    await expect(reading).rejects.toMatchObject({ code: 'FormatUnsupported' });
    await expect(reading).rejects.toThrow(/found JPEG of 12 bits that loses some/);
  });

  test('films go through the decoder that is given, and say what is missing without one', async () => {
    const file = {
      ...{ rows: 2, columns: 2, frames: 2, frameTime: '40', samples: 3, photometric: 'YBR_PARTIAL_420' },
      ...{ transferSyntax: `${ROOT}.4.102`, fragments: [Uint8Array.of(1, 2), Uint8Array.of(3, 4)] },
    };
    await expect(read(file)).rejects.toThrow(
      /found a film \(MPEG-4 \(H\.264\)\), for which ffmpeg is needed/,
    );
    const seen: unknown[] = [];
    const grey = Uint8Array.of(0, 10, 20, 30, 40, 50, 60, 70);
    const filmReader: DicomFilmReader = {
      decode: async (film, container, mostFrames) => {
        seen.push([...film], container, mostFrames(2, 2), mostFrames(2, 3));
        return { rows: 2, columns: 2, grey };
      },
    };
    expect(await bytesOf(file, { filmReader })).toEqual([...grey]);
    expect(seen).toEqual([[1, 2, 3, 4], 'H.264', 2, 0]);
    const short = { decode: async () => ({ rows: 2, columns: 2, grey: new Uint8Array(4) }) };
    await expect(read(file, { filmReader: short })).rejects.toThrow(
      /film of 2 frames of 2 x 2, found 1 of 2 x 2/,
    );
    const broken = { decode: () => Promise.reject(new Error('no film')) };
    await expect(read(file, { filmReader: broken })).rejects.toThrow(
      /found one that ffmpeg cannot decode to that/,
    );
  });

  test('the container of a film is seen from its first bytes', () => {
    const bytes = (...start: number[]) => Uint8Array.from({ length: 400 }, (_, i) => start[i % 188] ?? 0);
    expect(dicomFilmContainer(bytes(0, 0, 0, 24, 0x66, 0x74, 0x79, 0x70), 'h264')).toBe('MP4');
    expect(dicomFilmContainer(bytes(0x47), 'hevc')).toBe('MPEG-TS');
    expect(dicomFilmContainer(bytes(0, 0, 1, 0xba), 'mpeg-2')).toBe('MPEG-PS');
    expect(dicomFilmContainer(bytes(0, 0, 1, 0xb3), 'mpeg-2')).toBe('MPEG-2');
    expect(dicomFilmContainer(bytes(0, 0, 0, 1), 'hevc')).toBe('HEVC');
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
