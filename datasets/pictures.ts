/**
 * Pictures: animated GIF as a video, PNG, JPEG and TIFF as one frame each, and a series of them as a video. Decoded by
 * sharp. They state no pixel size, and only animations a time between frames.
 */
import sharp, { type Metadata, type Sharp } from 'sharp';
import { DomainError } from '../ground/errors.ts';
import { fillFrameTime, type GivenGeometry, givenSpacing } from './given-geometry.ts';
import { type NumberArray, scaleGreyLevels } from './grey-scaling.ts';
import { checkFrameTime, checkGrid, limits } from './limits.ts';
import { lumaOf } from './luma.ts';
import type { RecordedVideo } from './video-facts.ts';

const signatures: readonly (readonly [string, readonly number[]])[] = [
  ['GIF', [0x47, 0x49, 0x46, 0x38]],
  ['PNG', [0x89, 0x50, 0x4e, 0x47]],
  ['JPEG', [0xff, 0xd8, 0xff]],
  ['TIFF', [0x49, 0x49, 0x2a, 0x00]],
  ['TIFF', [0x4d, 0x4d, 0x00, 0x2a]],
];

/** What kind of picture the bytes are; undefined for anything else. */
export function pictureFormat(bytes: Uint8Array): string | undefined {
  return signatures.find(([, start]) => start.every((byte, i) => bytes[i] === byte))?.[0];
}

interface DecodedPicture {
  readonly rows: number;
  readonly columns: number;
  readonly frames: number;
  /** Luma, [frames, rows, columns]. */
  readonly values: NumberArray;
  readonly bits: 8 | 16;
  readonly frameTimeMs: number | undefined;
}

/** As they are of a grey picture; of a coloured one its luma, for libvips weighs colours as light and not as signal. */
async function greyLevels(
  picture: Sharp,
  { space }: Metadata,
  bits: 8 | 16,
): Promise<Uint8Array | Uint16Array> {
  const isGrey = space === 'b-w' || space === 'grey16';
  const [greySpace, colourSpace] = bits === 16 ? ['grey16', 'rgb16'] : ['b-w', 'srgb'];
  const { data, info } = await picture
    .toColourspace(isGrey ? greySpace : colourSpace)
    .raw({ depth: bits === 16 ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const samples =
    bits === 16
      ? new Uint16Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength))
      : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const { channels } = info;
  if (channels === 1) return samples;
  const grey =
    bits === 16 ? new Uint16Array(samples.length / channels) : new Uint8Array(samples.length / channels);
  for (let i = 0, at = 0; i < grey.length; i++, at += channels) {
    grey[i] = channels < 3 ? samples[at]! : lumaOf(samples[at]!, samples[at + 1]!, samples[at + 2]!);
  }
  return grey;
}

async function decode(bytes: Uint8Array, name: string): Promise<DecodedPicture> {
  const format = pictureFormat(bytes) ?? 'picture';
  try {
    const options = { pages: -1, limitInputPixels: limits.voxels, failOn: 'error' } as const;
    const metadata = await sharp(bytes, options).metadata();
    const frames = metadata.pages ?? 1;
    const rows = metadata.pageHeight ?? metadata.height;
    const columns = metadata.width;
    checkGrid(frames, rows, columns, name);
    const bits = metadata.depth === 'ushort' ? 16 : 8;
    const values = await greyLevels(sharp(bytes, options).removeAlpha(), metadata, bits);
    if (values.length !== frames * rows * columns) throw new Error('pages of different sizes');
    const delays = metadata.delay?.filter((delay) => delay > 0) ?? [];
    const frameTimeMs =
      delays.length > 0 ? delays.reduce((sum, delay) => sum + delay, 0) / delays.length : undefined;
    return { rows, columns, frames, values, bits, frameTimeMs };
  } catch (cause) {
    if (cause instanceof DomainError) throw cause;
    throw new DomainError(
      'DatasetInvalid',
      `${name}: expected a picture (${format}), found one that is damaged or larger than ${limits.voxels} pixels. Export it again.`,
      {},
      { cause },
    );
  }
}

function recorded(
  decoded: DecodedPicture,
  name: string,
  format: string,
  given: GivenGeometry,
): RecordedVideo {
  const { rows, columns, frames, values, bits } = decoded;
  const spacingMm = givenSpacing(given, name, format);
  const notes: string[] = [];
  const frameTimeMs =
    frames === 1
      ? 0
      : (fillFrameTime(decoded.frameTimeMs, { given, name, notes }) ?? decoded.frameTimeMs ?? 0);
  checkFrameTime(frameTimeMs, frames, name);
  const scaled = scaleGreyLevels(
    values,
    { sourceBits: bits, isByteScale: bits === 8 },
    { name, pixelsPerFrame: rows * columns },
  );
  return { frames, rows, columns, spacingMm, frameTimeMs, ...scaled, ...(notes.length > 0 && { notes }) };
}

/**
 * @throws DatasetInvalid for damaged files, and without a pixel size or, of several frames, a frame time;
 * LimitExceeded
 */
export async function readPicture(
  bytes: Uint8Array,
  name: string,
  given: GivenGeometry = {},
): Promise<RecordedVideo> {
  return recorded(await decode(bytes, name), name, pictureFormat(bytes) ?? 'picture', given);
}

/**
 * Single pictures of one size, in order, as one video.
 * @param read the bytes of a picture, by its place; one is held at a time
 * @throws as readPicture; GeometryMismatch when a picture has another size or depth than the first, or several pages
 */
export async function readPictureSeries(
  count: number,
  read: (index: number) => Promise<Uint8Array>,
  name: string,
  given: GivenGeometry,
): Promise<RecordedVideo> {
  const first = await decode(await read(0), `${name}, picture 0`);
  const { rows, columns, bits } = first;
  checkGrid(count, rows, columns, name);
  const pixels = rows * columns;
  const values = bits === 8 ? new Uint8Array(count * pixels) : new Uint16Array(count * pixels);
  for (let i = 0; i < count; i++) {
    const next = i === 0 ? first : await decode(await read(i), `${name}, picture ${i}`);
    if (next.rows !== rows || next.columns !== columns || next.frames !== 1 || next.bits !== bits) {
      throw new DomainError(
        'GeometryMismatch',
        `${name}: expected pictures of one page of ${rows} x ${columns} pixels of ${bits} bits, found ${next.frames} of ${next.rows} x ${next.columns} of ${next.bits} in picture ${i}. ` +
          'Keep one recording in a folder.',
      );
    }
    values.set(next.values, i * pixels);
  }
  const series = { rows, columns, frames: count, values, bits, frameTimeMs: undefined };
  return recorded(series, name, 'pictures', given);
}
