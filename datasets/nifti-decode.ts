/**
 * Bytes of a NIfTI file to numbers with geometry. The header is read by nifti-reader-js; this file guards it: nothing
 * is expanded before the header has said, within limits.ts, how much there must be.
 */
import { constants, gunzipSync } from 'node:zlib';
import { isNIFTI1, isNIFTI2, NIFTI1, NIFTI2, readHeader } from 'nifti-reader-js';
import { counted } from '../ground/counted.ts';
import { DomainError } from '../ground/errors.ts';
import type { VideoGeometry } from '../imaging/image.ts';
import { fillFrameTime, fillSpacing, type GivenGeometry } from './given-geometry.ts';
import type { GreySource } from './grey-scaling.ts';
import { checkFileSize, checkFrameTime, checkGrid, checkSpacing, stillTime } from './limits.ts';
import { type NiftiLayout, readLayout } from './nifti-layout.ts';
import { arrayFor, type NumberType, numberTypes } from './number-types.ts';

export interface DecodedNifti {
  readonly geometry: VideoGeometry;
  /** Values with the header's slope and intercept applied, [frames, rows, columns]. */
  readonly data: Float32Array | Float64Array;
  readonly layout: NiftiLayout;
  readonly source: GreySource;
  /** What a person should know of the geometry. */
  readonly notes: readonly string[];
}

const typesByCode: ReadonlyMap<number, NumberType> = new Map<number, NumberType>([
  [NIFTI1.TYPE_UINT8, numberTypes.uint8],
  [NIFTI1.TYPE_INT8, numberTypes.int8],
  [NIFTI1.TYPE_INT16, numberTypes.int16],
  [NIFTI1.TYPE_UINT16, numberTypes.uint16],
  [NIFTI1.TYPE_INT32, numberTypes.int32],
  [NIFTI1.TYPE_UINT32, numberTypes.uint32],
  [NIFTI1.TYPE_INT64, numberTypes.int64],
  [NIFTI1.TYPE_UINT64, numberTypes.uint64],
  [NIFTI1.TYPE_FLOAT32, numberTypes.float32],
  [NIFTI1.TYPE_FLOAT64, numberTypes.float64],
]);

const HEADER_BYTES = 544;

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** True for bytes that start as a NIfTI file does, or that are gzip, in which other formats do not come. */
export function isNifti(bytes: Uint8Array): boolean {
  if (isGzip(bytes)) return true;
  if (bytes.length < 348) return false;
  const size = new DataView(bytes.buffer, bytes.byteOffset, 4);
  return [348, 540].some(
    (expected) => size.getInt32(0, true) === expected || size.getInt32(0, false) === expected,
  );
}

function notNifti(name: string, start: Uint8Array): DomainError {
  const hex = Array.from(start.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const isText = start.length > 0 && start.subarray(0, 64).every((byte) => byte >= 9 && byte < 127);
  const found = isText ? 'a text file' : `bytes starting with ${hex}`;
  return new DomainError(
    'FormatUnsupported',
    `${name}: expected a NIfTI-1 or NIfTI-2 file (.nii or .nii.gz), found ${found}. Check the file, or export it as single-file NIfTI.`,
  );
}

/** The first bytes of the file, expanded if need be. A few kilobytes of gzip expand to a few megabytes at most. */
function headerBytes(bytes: Uint8Array, name: string): Uint8Array {
  if (!isGzip(bytes)) return bytes.subarray(0, HEADER_BYTES);
  try {
    return gunzipSync(bytes.subarray(0, 4096), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(
      0,
      HEADER_BYTES,
    );
  } catch (cause) {
    throw new DomainError(
      'DatasetInvalid',
      `${name}: expected gzip data, found a damaged stream. Copy or export the file again.`,
      {},
      { cause },
    );
  }
}

const PAIR_MAGIC = 'ni1';

function parseHeader(start: Uint8Array, name: string): { header: NIFTI1 | NIFTI2; layout: NiftiLayout } {
  const raw = new Uint8Array(HEADER_BYTES);
  raw.set(start);
  const isSecond = isNIFTI2(raw.buffer);
  if (start.length >= 348 && String.fromCharCode(...raw.subarray(344, 347)) === PAIR_MAGIC) {
    throw new DomainError(
      'FormatUnsupported',
      `${name}: expected a NIfTI file that holds its pixels, found one of a pair (.hdr and .img). Export it as a single file, .nii or .nii.gz.`,
    );
  }
  if (start.length < 348 || !(isNIFTI1(raw.buffer) || isSecond)) throw notNifti(name, start);
  // Extensions are not used; with their flag cleared, the parser does not walk through them.
  raw.fill(0, isSecond ? 540 : 348);
  try {
    const header = readHeader(raw.buffer);
    return { header, layout: readLayout(raw, isSecond ? 2 : 1, header.littleEndian) };
  } catch (cause) {
    throw new DomainError('FormatUnsupported', notNifti(name, start).message, {}, { cause });
  }
}

function millimetresPerUnit(code: number): number {
  const unit = code & NIFTI1.SPATIAL_UNITS_MASK;
  if (unit === NIFTI1.UNITS_METER) return 1000;
  if (unit === NIFTI1.UNITS_MICRON) return 0.001;
  return 1;
}

function millisecondsPerUnit(code: number): number {
  const unit = code & NIFTI1.TEMPORAL_UNITS_MASK;
  if (unit === NIFTI1.UNITS_MSEC) return 1;
  if (unit === NIFTI1.UNITS_USEC) return 0.001;
  return 1000;
}

/** Headers hold single precision, in which 1.1 mm reads as 1.10000002: seven digits give back what was meant. */
function asWritten(value: number): number {
  return Number(value.toPrecision(7));
}

/** Axes (columns, rows, frames), or (columns, rows, 1, frames); units default to mm and seconds. */
function geometryFrom(
  header: NIFTI1 | NIFTI2,
  given: GivenGeometry,
  name: string,
): { geometry: VideoGeometry; notes: string[] } {
  const axes = header.dims[0]!;
  const size = (axis: number) => (axis <= axes ? header.dims[axis]! : 1);
  const extra = [5, 6, 7].some((axis) => size(axis) > 1);
  if (!(axes >= 2 && axes <= 7) || extra || (size(3) > 1 && size(4) > 1)) {
    const found = header.dims.slice(1, 1 + Math.max(0, Math.min(7, axes))).join(' x ');
    throw new DomainError(
      'FormatUnsupported',
      `${name}: expected axes (columns, rows, frames) or (columns, rows, 1, frames), found ${axes} axes of ${found}. ` +
        'Volumes over time are not videos: export one slice per file.',
    );
  }
  const timeAxis = size(4) > 1 ? 4 : 3;
  const frames = size(timeAxis);
  checkGrid(frames, size(2), size(1), name);
  const notes: string[] = [];
  const toMm = millimetresPerUnit(header.xyzt_units);
  const ofHeader = [asWritten(header.pixDims[2]! * toMm), asWritten(header.pixDims[1]! * toMm)] as const;
  const request = { given, name, notes };
  const spacingMm = fillSpacing(ofHeader, request) ?? ofHeader;
  checkSpacing(spacingMm, name);
  const stated = asWritten(header.pixDims[timeAxis]! * millisecondsPerUnit(header.xyzt_units));
  const frameTimeMs = frames === 1 ? stillTime(stated) : (fillFrameTime(stated, request) ?? stated);
  checkFrameTime(frameTimeMs, frames, name);
  return { geometry: { frames, rows: size(2), columns: size(1), spacingMm, frameTimeMs }, notes };
}

function expand(bytes: Uint8Array, needed: number, name: string): Uint8Array {
  if (!isGzip(bytes)) return bytes;
  try {
    // Room for the padding that some writers append; more than that is not what the header announces.
    return gunzipSync(bytes, { maxOutputLength: needed + 65_536 });
  } catch (cause) {
    const isBomb = (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    throw new DomainError(
      isBomb ? 'LimitExceeded' : 'DatasetInvalid',
      isBomb
        ? `${name}: expected ${needed} bytes after expansion, as the header says, found more. The file is damaged or hostile; export it again.`
        : `${name}: expected ${needed} bytes of gzip data, found a stream that ends early or is damaged. Copy or export the file again.`,
      {},
      { cause },
    );
  }
}

/** What the header says of axes, sizes and place, whether it can be used or not. @throws as decodeNifti */
export function readNiftiLayout(bytes: Uint8Array, name: string): NiftiLayout {
  checkFileSize(bytes.length, name);
  return parseHeader(headerBytes(bytes, name), name).layout;
}

/**
 * Reads a NIfTI-1 or NIfTI-2 file, plain or gzip, of either byte order; `given` fills what its header lacks.
 * @throws FormatUnsupported not NIfTI, or not a video; DatasetInvalid damaged or without usable geometry; LimitExceeded
 */
export function decodeNifti(bytes: Uint8Array, name: string, given: GivenGeometry = {}): DecodedNifti {
  checkFileSize(bytes.length, name);
  const { header, layout } = parseHeader(headerBytes(bytes, name), name);
  const { geometry, notes } = geometryFrom(header, given, name);
  const type = typesByCode.get(header.datatypeCode);
  if (type === undefined) {
    throw new DomainError(
      'FormatUnsupported',
      `${name}: expected whole or real numbers of 8 to 64 bits, found NIfTI data type ${header.datatypeCode}. ` +
        'Convert colour or complex data to grey levels first.',
    );
  }
  const voxels = geometry.frames * geometry.rows * geometry.columns;
  const start = header.vox_offset;
  const smallest = header instanceof NIFTI2 ? 540 : 348;
  if (!Number.isInteger(start) || start < smallest || start > 2 ** 24) {
    throw new DomainError(
      'DatasetInvalid',
      `${name}: expected pixels to start at byte ${smallest + 4}, found vox_offset ${start}. The header is damaged; export the file again.`,
    );
  }
  const needed = start + voxels * type.bytes;
  const expanded = expand(bytes, needed, name);
  if (expanded.length < needed) {
    throw new DomainError(
      'DatasetInvalid',
      `${name}: expected ${needed} bytes for ${counted(geometry.frames, 'frame')} of ${geometry.rows} x ${geometry.columns} pixels, ` +
        `found ${expanded.length}. The file was cut short; copy or export it again.`,
    );
  }
  const view = new DataView(expanded.buffer, expanded.byteOffset + start, voxels * type.bytes);
  const isScaled = Number.isFinite(header.scl_slope) && header.scl_slope !== 0;
  const slope = isScaled ? header.scl_slope : 1;
  const intercept = isScaled && Number.isFinite(header.scl_inter) ? header.scl_inter : 0;
  const isIdentity = slope === 1 && intercept === 0;
  const data = arrayFor(type, voxels);
  for (let i = 0; i < voxels; i++) {
    data[i] = type.read(view, i * type.bytes, header.littleEndian) * slope + intercept;
  }
  return {
    geometry,
    data,
    layout,
    source: {
      sourceBits: type.bytes * 8,
      isByteScale: isIdentity && type === numberTypes.uint8,
      window: { low: header.cal_min, high: header.cal_max },
    },
    notes,
  };
}
