import { readFileSync } from 'node:fs';
import dicomParser from 'dicom-parser';
import { describe, expect, test } from 'vitest';
import { type DicomElement, offsetsOf } from '../dicom.fixture.ts';
import {
  htj2k,
  jpeg,
  jpeg2000,
  jpegExtended,
  jpegLossless,
  jpegLs,
  jpegLsPlanar,
  type Picture,
  rle,
  withJfif,
} from '../dicom-streams.fixture.ts';
import { type DicomFilmReader, dicomFilmContainer } from './film.ts';
import { bytesOf, ROOT, read } from './keep-all.fixture.ts';
import { readDicom } from './read-dicom.ts';

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

  test('JPEG extended of 12 bits is within what its coefficients were rounded by', async () => {
    const frames = [grey(12), grey(12, 1)];
    const file = { rows, columns, frames: 2, frameTime: '40', bits: 16, stored: 12 } as const;
    const fragments = frames.map(jpegExtended);
    const { intensities, facts } = await read({ ...file, fragments, transferSyntax: `${ROOT}.4.51` });
    expect(facts).toMatchObject({ sourceBits: 12, distinctLevels: facts.keptLevels });
    const { low, high } = facts.scaling;
    const found = [...intensities].map((value) => low + value * (high - low));
    const expected = frames.flatMap(({ values }) => values);
    expect(Math.max(...found.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(4);
    const short = fragments.map((stream) => stream.subarray(0, stream.length - 40));
    const cut = read({ ...file, fragments: short, transferSyntax: `${ROOT}.4.51` });
    await expect(cut).rejects.toThrow(/damaged one at frame 0 \(the stream is cut short\)/);
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

  test.each([
    ['10 bits', grey(8), 10, /found JPEG of 10 bits that loses some/],
    ['colours of twelve bits', rgb, 12, /found colours of 12 bits/],
  ] as const)('JPEG of %s is said to be what it is, not damaged', async (_, picture, bits, message) => {
    const stream = (await jpeg(picture)).slice();
    stream[stream.indexOf(0xc0, 2) + 3] = bits;
    const { samples } = picture;
    const photometric = samples === 3 ? 'YBR_FULL' : 'MONOCHROME2';
    const file = { rows, columns, samples, photometric, fragments: [stream] };
    const reading = read({ ...file, bits: samples === 3 ? 8 : 16, transferSyntax: `${ROOT}.4.51` });
    await expect(reading).rejects.toMatchObject({ code: 'FormatUnsupported' });
    await expect(reading).rejects.toThrow(message);
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
    const other: DicomFilmReader = {
      decode: async (_, __, mostFrames) => Promise.reject(new Error(`${mostFrames(3, 4)} frames of it`)),
    };
    await expect(read(file, { filmReader: other })).rejects.toThrow(
      /of 2 frames of 2 x 2, found one of 3 x 4/,
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
