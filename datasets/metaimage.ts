/**
 * MetaImage (.mhd with .raw or .zraw beside it, .mha in one file), in which CAMUS was published first. Text header,
 * then numbers of one type; axes (columns, rows, frames). The format has no units: the third step is taken as
 * seconds, and content.ts refuses slices.
 */
import { inflateSync } from 'node:zlib';
import { counted } from '../ground/counted.ts';
import { DomainError } from '../ground/errors.ts';
import type { VideoGeometry } from '../imaging/image.ts';
import { fillFrameTime, fillSpacing, type GivenGeometry } from './given-geometry.ts';
import { scaleGreyLevels } from './grey-scaling.ts';
import { checkFileSize, checkFrameTime, checkGrid, checkSpacing, stillTime } from './limits.ts';
import { type NiftiLayout, plainLayout } from './nifti-layout.ts';
import { arrayFor, type NumberType, numberTypes } from './number-types.ts';
import type { RecordedVideo } from './video-facts.ts';

/** Bytes of a file beside the one that is read, by its plain name; undefined when there is none. */
export type ReadSibling = (name: string) => Promise<Uint8Array | undefined>;

export interface MetaImageOptions extends GivenGeometry {
  readonly readSibling?: ReadSibling;
}

/** MetaIO has four bytes for a "long", whatever a compiler has. */
const elementTypes: ReadonlyMap<string, NumberType> = new Map<string, NumberType>([
  ['MET_UCHAR', numberTypes.uint8],
  ['MET_CHAR', numberTypes.int8],
  ['MET_USHORT', numberTypes.uint16],
  ['MET_SHORT', numberTypes.int16],
  ['MET_UINT', numberTypes.uint32],
  ['MET_INT', numberTypes.int32],
  ['MET_ULONG', numberTypes.uint32],
  ['MET_LONG', numberTypes.int32],
  ['MET_ULONG_LONG', numberTypes.uint64],
  ['MET_LONG_LONG', numberTypes.int64],
  ['MET_FLOAT', numberTypes.float32],
  ['MET_DOUBLE', numberTypes.float64],
]);

const MOST_HEADER_BYTES = 16_384;
/** Header keys by which a file is known; one of them is on the first line. */
const firstKeys = ['ObjectType', 'NDims', 'Comment', 'ObjectSubType'];

/** True for bytes that start as a MetaImage header does. */
export function isMetaImage(bytes: Uint8Array): boolean {
  const start = Buffer.from(bytes.subarray(0, 64)).toString('latin1');
  return firstKeys.some((key) => new RegExp(`^${key}\\s*=`).test(start));
}

function damaged(name: string, expected: string, found: string): DomainError {
  return new DomainError(
    'DatasetInvalid',
    `${name}: expected ${expected} in the MetaImage header, found ${found}. Export the file again.`,
  );
}

interface Header {
  readonly fields: ReadonlyMap<string, string>;
  /** Where the pixels of an .mha file start. */
  readonly end: number;
}

/** Lines `Key = value` up to ElementDataFile, which is the last. */
function parseHeader(bytes: Uint8Array, name: string): Header {
  const text = Buffer.from(bytes.subarray(0, MOST_HEADER_BYTES)).toString('latin1');
  const fields = new Map<string, string>();
  let at = 0;
  while (at < text.length) {
    const newline = text.indexOf('\n', at);
    const end = newline < 0 ? text.length : newline;
    const match = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(text.slice(at, end));
    at = end + 1;
    if (match === null) continue;
    fields.set(match[1]!, match[2]!);
    if (match[1] === 'ElementDataFile') return { fields, end: at };
  }
  throw damaged(name, `ElementDataFile in the first ${MOST_HEADER_BYTES} bytes`, 'none');
}

function numbers(text: string | undefined): number[] {
  return text === undefined || text === '' ? [] : text.split(/\s+/).map(Number);
}

/** Seven digits give back what was meant before a program wrote a double. */
function asWritten(value: number): number {
  return Number(value.toPrecision(7));
}

function isTrue(text: string | undefined): boolean {
  return text !== undefined && /^(true|1)$/i.test(text);
}

interface Decoded {
  readonly geometry: VideoGeometry;
  readonly data: Float32Array | Float64Array;
  readonly type: NumberType;
  readonly layout: NiftiLayout;
  readonly notes: readonly string[];
}

function geometryFrom({ fields }: Header, given: GivenGeometry, name: string) {
  const sizes = numbers(fields.get('DimSize'));
  const axes = Number(fields.get('NDims'));
  const channels = Number(fields.get('ElementNumberOfChannels') ?? 1);
  if (!(axes === 2 || axes === 3) || sizes.length !== axes || channels !== 1) {
    throw new DomainError(
      'FormatUnsupported',
      `${name}: expected axes (columns, rows, frames) of one channel, found ${sizes.join(' x ') || 'no DimSize'} with ${counted(channels, 'channel')}. ` +
        'Export grey levels, one video per file.',
    );
  }
  const [columns, rows, frames] = [sizes[0]!, sizes[1]!, sizes[2] ?? 1];
  checkGrid(frames, rows, columns, name);
  const steps = numbers(fields.get('ElementSpacing') ?? fields.get('ElementSize'));
  const notes: string[] = [];
  const request = { given, name, notes };
  const ofHeader = [asWritten(steps[1] ?? Number.NaN), asWritten(steps[0] ?? Number.NaN)] as const;
  const spacingMm = fillSpacing(ofHeader, request) ?? ofHeader;
  checkSpacing(spacingMm, name);
  const stated = asWritten(1000 * (steps[2] ?? Number.NaN));
  const frameTimeMs = frames === 1 ? stillTime(stated) : (fillFrameTime(stated, request) ?? stated);
  checkFrameTime(frameTimeMs, frames, name);
  return { geometry: { frames, rows, columns, spacingMm, frameTimeMs }, notes };
}

/** Directions and origin as a NIfTI matrix: MetaImage counts x and y the other way round (LPS). */
function layoutFrom({ fields }: Header, geometry: VideoGeometry): NiftiLayout {
  const plain = plainLayout(geometry);
  const directions = numbers(fields.get('TransformMatrix') ?? fields.get('Orientation'));
  const origin = numbers(fields.get('Offset') ?? fields.get('Position') ?? fields.get('Origin'));
  if (directions.length !== 9 || ![...directions, ...origin].every(Number.isFinite)) return plain;
  const [rowMm, columnMm] = geometry.spacingMm;
  const steps = [columnMm, rowMm, geometry.frameTimeMs / 1000];
  const sform = [0, 1, 2].flatMap((world) => {
    const sign = world < 2 ? -1 : 1;
    return [
      ...[0, 1, 2].map((axis) => sign * directions[3 * axis + world]! * steps[axis]!),
      sign * (origin[world] ?? 0),
    ];
  });
  return { ...plain, sform };
}

function expand(packed: Uint8Array, needed: number, name: string): Uint8Array {
  try {
    return inflateSync(packed, { maxOutputLength: needed + 65_536 });
  } catch (cause) {
    const isBomb = (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    throw new DomainError(
      isBomb ? 'LimitExceeded' : 'DatasetInvalid',
      `${name}: expected ${needed} bytes after expansion, as the header says, found ${isBomb ? 'more' : 'a damaged stream'}. Export the file again.`,
      {},
      { cause },
    );
  }
}

/**
 * Plain name of the file beside the header that holds the pixels; undefined where the header's file holds them itself,
 * names what is not read (a path could lead anywhere), or is damaged.
 */
export function pixelFileOf(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes.subarray(0, MOST_HEADER_BYTES)).toString('latin1');
  const file = /^\s*ElementDataFile\s*=\s*(.*?)\s*$/m.exec(text)?.[1];
  return file === undefined || file === 'LOCAL' || isNoPlainName(file) ? undefined : file;
}

function isNoPlainName(file: string): boolean {
  return /[/\\]|^\.\.?$|^LIST|%/.test(file);
}

/** The pixels' bytes, expanded; of an .mha from the file itself, of an .mhd from the file that it names beside it. */
async function pixelBytes(
  bytes: Uint8Array,
  header: Header,
  needed: number,
  { readSibling }: MetaImageOptions,
  name: string,
): Promise<Uint8Array> {
  const file = header.fields.get('ElementDataFile')!;
  let stored = bytes.subarray(header.end);
  if (file !== 'LOCAL') {
    if (isNoPlainName(file)) {
      throw damaged(name, 'ElementDataFile to be LOCAL or one file beside the header', 'a path or a list');
    }
    const beside = await readSibling?.(file);
    if (beside === undefined) {
      throw new DomainError(
        'DatasetInvalid',
        `${name}: expected its pixels in the file beside it that ElementDataFile names, found none. Keep .mhd and .raw together.`,
      );
    }
    checkFileSize(beside.length, name);
    const skipped = Number(header.fields.get('HeaderSize') ?? 0);
    // -1 means that the pixels are the end of the file.
    stored = skipped < 0 ? beside.subarray(Math.max(0, beside.length - needed)) : beside.subarray(skipped);
  }
  return isTrue(header.fields.get('CompressedData')) ? expand(stored, needed, name) : stored;
}

async function decode(bytes: Uint8Array, name: string, options: MetaImageOptions): Promise<Decoded> {
  checkFileSize(bytes.length, name);
  const header = parseHeader(bytes, name);
  const { geometry, notes } = geometryFrom(header, options, name);
  const type = elementTypes.get(header.fields.get('ElementType') ?? '');
  if (type === undefined)
    throw damaged(name, `ElementType to be one of ${[...elementTypes.keys()].join(', ')}`, 'another');
  const pixels = geometry.frames * geometry.rows * geometry.columns;
  const needed = pixels * type.bytes;
  const expanded = await pixelBytes(bytes, header, needed, options, name);
  if (expanded.length < needed) {
    throw new DomainError(
      'DatasetInvalid',
      `${name}: expected ${needed} bytes of pixels, found ${expanded.length}. The file was cut short; copy or export it again.`,
    );
  }
  const littleEndian = !isTrue(
    header.fields.get('BinaryDataByteOrderMSB') ?? header.fields.get('ElementByteOrderMSB'),
  );
  const view = new DataView(expanded.buffer, expanded.byteOffset, needed);
  const data = arrayFor(type, pixels);
  for (let i = 0; i < pixels; i++) data[i] = type.read(view, i * type.bytes, littleEndian);
  return { geometry, data, type, layout: layoutFrom(header, geometry), notes };
}

/**
 * Reads grey levels into [0, 1], scaled by what is there.
 * @throws FormatUnsupported, DatasetInvalid for damaged files and missing geometry or pixels, LimitExceeded
 */
export async function readMetaImage(
  bytes: Uint8Array,
  name: string,
  options: MetaImageOptions = {},
): Promise<RecordedVideo> {
  const { geometry, data, type, layout, notes } = await decode(bytes, name, options);
  const source = { sourceBits: 8 * type.bytes, isByteScale: type === numberTypes.uint8 };
  const scaled = scaleGreyLevels(data, source, { name, pixelsPerFrame: geometry.rows * geometry.columns });
  return { ...geometry, ...scaled, layout, ...(notes.length > 0 && { notes }) };
}

/** The numbers of a mask, with geometry and layout; which labels they are is the caller's to say. */
export async function decodeMetaImage(
  bytes: Uint8Array,
  name: string,
  options: MetaImageOptions = {},
): Promise<{ geometry: VideoGeometry; data: ArrayLike<number>; layout: NiftiLayout }> {
  const { geometry, data, layout } = await decode(bytes, name, options);
  return { geometry, data, layout };
}
