/**
 * Compressed frames in every encoding that the DICOM reader knows, made by encoders that are not the decoders under
 * test.
 */
import { createRequire } from 'node:module';
import sharp from 'sharp';

/** A picture of whole numbers, its colours side by side. */
export interface Picture {
  readonly rows: number;
  readonly columns: number;
  readonly samples: 1 | 3;
  readonly bits: number;
  readonly values: readonly number[];
}

interface Encoder {
  getDecodedBuffer(info: object): Uint8Array;
  getEncodedBuffer(): Uint8Array;
  encode(): void;
  setDecompositions?(count: number): void;
  setInterleaveMode?(mode: number): void;
}

const require = createRequire(import.meta.url);

async function encodeWith(
  library: string,
  encoderName: string,
  picture: Picture,
  isPlanar = false,
): Promise<Uint8Array> {
  const { rows, columns, samples, bits } = picture;
  const pixels = rows * columns;
  const values = isPlanar
    ? picture.values.map((_, i) => picture.values[(i % pixels) * samples + Math.floor(i / pixels)]!)
    : picture.values;
  const factory = require(`@cornerstonejs/${library}/wasmjs`);
  const codec = await factory({ print: () => {}, printErr: () => {} });
  const encoder: Encoder = new codec[encoderName]();
  const frame = {
    width: columns,
    height: rows,
    bitsPerSample: bits,
    componentCount: samples,
    isSigned: false,
    isUsingColorTransform: samples === 3,
  };
  const numbers = bits > 8 ? Uint16Array.from(values) : Uint8Array.from(values);
  encoder.getDecodedBuffer(frame).set(new Uint8Array(numbers.buffer));
  encoder.setDecompositions?.(1);
  encoder.setInterleaveMode?.(samples === 3 && !isPlanar ? 2 : 0);
  encoder.encode();
  return Uint8Array.from(encoder.getEncodedBuffer());
}

export const jpegLs = (picture: Picture) => encodeWith('codec-charls', 'JpegLSEncoder', picture);
/** With a scan for each colour. */
export const jpegLsPlanar = (picture: Picture) => encodeWith('codec-charls', 'JpegLSEncoder', picture, true);
export const jpeg2000 = (picture: Picture) => encodeWith('codec-openjpeg', 'J2KEncoder', picture);
export const htj2k = (picture: Picture) => encodeWith('codec-openjph', 'HTJ2KEncoder', picture);

/** Baseline, at the best quality; colours as YCbCr without a marker that says so. */
export async function jpeg({ rows, columns, samples, values }: Picture): Promise<Uint8Array> {
  const raw = { width: columns, height: rows, channels: samples };
  const picture = sharp(Uint8Array.from(values), { raw });
  const options = { quality: 100, chromaSubsampling: '4:4:4' };
  return (samples === 1 ? picture.toColourspace('b-w') : picture).jpeg(options).toBuffer();
}

/** The stream with the marker that says JFIF, and so YCbCr. */
export function withJfif(stream: Uint8Array): Uint8Array {
  const jfif = [0xff, 0xe0, 0, 16, ...new TextEncoder().encode('JFIF\0'), 1, 1, 0, 0, 1, 0, 1, 0, 0];
  return Uint8Array.from([...stream.subarray(0, 2), ...jfif, ...stream.subarray(2)]);
}

/** The bits as bytes of a scan; a byte of ones is followed by one of zeros, so that it is no marker. */
function scanOf(bits: readonly string[]): number[] {
  const stream = bits.join('');
  const scan: number[] = [];
  for (let at = 0; at < stream.length; at += 8) {
    const byte = Number.parseInt(stream.slice(at, at + 8).padEnd(8, '1'), 2);
    scan.push(byte, ...(byte === 0xff ? [0] : []));
  }
  return scan;
}

const word = (value: number) => [value >> 8, value & 255];
const sizeOf = (value: number) => (value === 0 ? 0 : Math.floor(Math.log2(Math.abs(value))) + 1);
const magnitudeBits = (value: number, size: number) =>
  size === 0 ? '' : (value < 0 ? value + 2 ** size - 1 : value).toString(2).padStart(size, '0');

/** Places of an 8 x 8 block in zigzag order. */
const zigzag = Array.from({ length: 64 }, (_, i) => i).sort((a, b) => {
  const [diagonalA, diagonalB] = [(a >> 3) + (a & 7), (b >> 3) + (b & 7)];
  if (diagonalA !== diagonalB) return diagonalA - diagonalB;
  return diagonalA % 2 === 0 ? (b >> 3) - (a >> 3) : (a >> 3) - (b >> 3);
});

/** The cosine transform of 8 x 8 samples, by its definition. */
function cosineTransform(samples: readonly number[]): number[] {
  const cosine = (place: number, wave: number) => Math.cos(((2 * place + 1) * wave * Math.PI) / 16);
  const weight = (wave: number) => (wave === 0 ? Math.SQRT1_2 : 1);
  return samples.map((_, i) => {
    const [v, u] = [i >> 3, i & 7];
    const sum = samples.reduce(
      (total, sample, j) => total + sample * cosine(j & 7, u) * cosine(j >> 3, v),
      0,
    );
    return (weight(u) * weight(v) * sum) / 4;
  });
}

/** JPEG extended (process 2 and 4): grey, every coefficient divided by 2, all codes of one length. */
export function jpegExtended({ rows, columns, bits, values }: Picture): Uint8Array {
  const divisor = 2;
  const acCode = (symbol: number) => symbol.toString(2).padStart(8, '0');
  const [endOfBlock, sixteenZeros] = [224, 225];
  const written: string[] = [];
  let before = 0;
  for (let block = 0; block < Math.ceil(rows / 8) * Math.ceil(columns / 8); block++) {
    const across = Math.ceil(columns / 8);
    const [top, left] = [8 * Math.floor(block / across), 8 * (block % across)];
    const samples = Array.from({ length: 64 }, (_, i) => {
      const [row, column] = [Math.min(rows - 1, top + (i >> 3)), Math.min(columns - 1, left + (i & 7))];
      return values[row * columns + column]! - 2 ** (bits - 1);
    });
    const transformed = cosineTransform(samples);
    const [dc, ...ac] = zigzag.map((place) => Math.round(transformed[place]! / divisor));
    const size = sizeOf(dc! - before);
    written.push(size.toString(2).padStart(5, '0'), magnitudeBits(dc! - before, size));
    before = dc!;
    let zeros = 0;
    for (const value of ac) {
      if (value === 0) {
        zeros++;
        continue;
      }
      for (; zeros > 15; zeros -= 16) written.push(acCode(sixteenZeros));
      written.push(acCode(zeros * 14 + sizeOf(value) - 1), magnitudeBits(value, sizeOf(value)));
      zeros = 0;
    }
    if (zeros > 0) written.push(acCode(endOfBlock));
  }
  const dcSymbols = Array.from({ length: 16 }, (_, size) => size);
  const acSymbols = Array.from({ length: 224 }, (_, i) => (Math.floor(i / 14) << 4) | ((i % 14) + 1));
  return Uint8Array.from([
    ...[0xff, 0xd8, 0xff, 0xdb, ...word(67), 0, ...Array(64).fill(divisor)],
    ...[0xff, 0xc1, ...word(11), bits, ...word(rows), ...word(columns), 1, 1, 0x11, 0],
    ...[0xff, 0xc4, ...word(19 + 16), 0, 0, 0, 0, 0, 16, ...Array(11).fill(0), ...dcSymbols],
    ...[0xff, 0xc4, ...word(19 + 226), 0x10, ...Array(7).fill(0), 226, ...Array(8).fill(0)],
    ...[...acSymbols, 0x00, 0xf0],
    ...[0xff, 0xda, ...word(8), 1, 1, 0, 0, 63, 0, ...scanOf(written), 0xff, 0xd9],
  ]);
}

/**
 * Bits of one difference: its size, for which every size has a code of five bits (its own number), and its magnitude.
 */
function differenceBits(difference: number): string {
  const size = sizeOf(difference);
  const code = size.toString(2).padStart(5, '0');
  return size === 16 ? code : code + magnitudeBits(difference, size);
}

/** JPEG lossless, process 14 with predictor 1: each sample as its difference from the one before it. */
export function jpegLossless({ rows, columns, samples, bits, values }: Picture): Uint8Array {
  const written: string[] = [];
  const modulus = 2 ** 16;
  for (let i = 0; i < rows * columns; i++) {
    const neighbour = i % columns === 0 ? i - columns : i - 1;
    for (let c = 0; c < samples; c++) {
      const before = i === 0 ? 2 ** (bits - 1) : values[neighbour * samples + c]!;
      const wrapped = (((values[i * samples + c]! - before) % modulus) + modulus) % modulus;
      written.push(differenceBits(wrapped > modulus / 2 ? wrapped - modulus : wrapped));
    }
  }
  const ids = Array.from({ length: samples }, (_, c) => c + 1);
  const sizes = Array.from({ length: 17 }, (_, size) => size);
  return Uint8Array.from([
    ...[0xff, 0xd8, 0xff, 0xc3, ...word(8 + 3 * samples), bits, ...word(rows), ...word(columns), samples],
    ...ids.flatMap((id) => [id, 0x11, 0]),
    ...[0xff, 0xc4, ...word(19 + 17), 0, 0, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ...sizes],
    ...[0xff, 0xda, ...word(6 + 2 * samples), samples, ...ids.flatMap((id) => [id, 0]), 1, 0, 0],
    ...scanOf(written),
    ...[0xff, 0xd9],
  ]);
}

/** PackBits of one segment: runs of two or more as runs, the rest as they are. */
function packBits(bytes: Uint8Array): number[] {
  const packed: number[] = [];
  for (let i = 0; i < bytes.length; ) {
    let run = 1;
    while (run < 128 && i + run < bytes.length && bytes[i + run] === bytes[i]) run++;
    packed.push(...(run > 1 ? [257 - run, bytes[i]!] : [0, bytes[i]!]));
    i += run;
  }
  return packed.length % 2 === 0 ? packed : [...packed, 128];
}

/** RLE of PS3.5 annex G. */
export function rle({ rows, columns, samples, bits, values }: Picture): Uint8Array {
  const segments: number[][] = [];
  for (let c = 0; c < samples; c++) {
    for (const shift of bits > 8 ? [8, 0] : [0]) {
      const plane = Uint8Array.from(
        { length: rows * columns },
        (_, i) => (values[i * samples + c]! >> shift) & 255,
      );
      segments.push(packBits(plane));
    }
  }
  const header = new Uint32Array(16);
  header[0] = segments.length;
  let offset = 64;
  for (const [i, segment] of segments.entries()) {
    header[i + 1] = offset;
    offset += segment.length;
  }
  return Uint8Array.from([...new Uint8Array(header.buffer), ...segments.flat()]);
}
