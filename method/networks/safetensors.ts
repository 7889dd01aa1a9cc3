/**
 * The safetensors format, written as float32, read as float32 or int32: 8 bytes with the header's length, a JSON
 * header, the raw little-endian data. Python's safetensors reads what this writes, and the other way round.
 */
import { endianness } from 'node:os';
import { DomainError } from '../../ground/errors.ts';
import { elementCount, type NamedArray, type NamedArrays } from './named-arrays.ts';

const PREFIX_BYTES = 8;
/** The reference implementation's limit. */
const MAX_HEADER_BYTES = 100_000_000;

if (endianness() !== 'LE')
  throw new Error('Weights are read and written as little-endian memory; this machine is big-endian.');

/** Serialises arrays in the order of their names' insertion; the same input gives the same bytes. */
export function encodeSafetensors(
  arrays: NamedArrays,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const [name, { shape, data }] of Object.entries(arrays)) {
    if (data.length !== elementCount(shape)) {
      throw new DomainError(
        'FormatUnsupported',
        `Array "${name}" has ${data.length} elements for shape [${shape}].`,
      );
    }
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const text = Buffer.from(JSON.stringify(header));
  // Spaces up to a multiple of 8 align the data, as the format recommends.
  const headerBytes = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(PREFIX_BYTES + headerBytes + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.set(text, PREFIX_BYTES);
  bytes.fill(0x20, PREFIX_BYTES + text.length, PREFIX_BYTES + headerBytes);
  let position = PREFIX_BYTES + headerBytes;
  for (const { data } of Object.values(arrays)) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return bytes;
}

/**
 * Reads float32 and int32 arrays (the latter as float32, exact up to 2^24) and the metadata.
 * @throws DomainError CheckpointIncompatible when the bytes are not a whole safetensors file: wrong length, offsets
 * that overlap, leave gaps or do not fit the shape; FormatUnsupported for other number types.
 */
export function decodeSafetensors(bytes: Uint8Array): {
  arrays: NamedArrays;
  metadata: Record<string, string>;
} {
  if (bytes.length < PREFIX_BYTES) throw broken(`it has ${bytes.length} bytes, fewer than the length prefix`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = Number(view.getBigUint64(0, true));
  if (headerBytes > MAX_HEADER_BYTES || PREFIX_BYTES + headerBytes > bytes.length) {
    throw broken(`its header claims ${headerBytes} bytes of a file of ${bytes.length}`);
  }
  const header = parseHeader(bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + headerBytes));
  const dataStart = PREFIX_BYTES + headerBytes;
  const { __metadata__: metadata = {}, ...entries } = header;
  if (!isRecord(metadata) || Object.values(metadata).some((value) => typeof value !== 'string')) {
    throw broken('its __metadata__ is not a map of texts');
  }
  const arrays: [string, NamedArray][] = [];
  const spans: [begin: number, end: number][] = [];
  for (const [name, entry] of Object.entries(entries)) {
    const { dtype, shape, begin, end } = parseEntry(name, entry);
    if (dataStart + end > bytes.length)
      throw broken(`array "${name}" ends after the file, which may be cut off`);
    spans.push([begin, end]);
    // Copies into aligned memory of its own, so that the file's bytes can be freed.
    const copy = Uint8Array.from(bytes.subarray(dataStart + begin, dataStart + end));
    const data =
      dtype === 'I32' ? Float32Array.from(new Int32Array(copy.buffer)) : new Float32Array(copy.buffer);
    arrays.push([name, { shape, data }]);
  }
  checkContiguous(spans, bytes.length - dataStart);
  return { arrays: Object.fromEntries(arrays), metadata: metadata as Record<string, string> };
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw broken('its header is not JSON');
  }
  if (!isRecord(header)) throw broken('its header is not a JSON object');
  return header;
}

function parseEntry(
  name: string,
  entry: unknown,
): { dtype: 'F32' | 'I32'; shape: number[]; begin: number; end: number } {
  const { dtype, shape, data_offsets: offsets } = isRecord(entry) ? entry : {};
  if (dtype !== 'F32' && dtype !== 'I32') {
    throw new DomainError(
      'FormatUnsupported',
      `Array "${name}" is ${String(dtype)}; only F32 and I32 are read. Convert the checkpoint to float32.`,
    );
  }
  if (!isCounts(shape) || !isCounts(offsets) || offsets.length !== 2) {
    throw broken(`array "${name}" lacks a shape or offsets`);
  }
  const [begin, end] = offsets as [number, number];
  if (end - begin !== 4 * elementCount(shape)) {
    throw broken(`array "${name}" of shape [${shape}] has ${end - begin} bytes`);
  }
  return { dtype, shape, begin, end };
}

/** The format forbids overlaps and gaps, so that nothing can hide in a file. */
function checkContiguous(spans: [number, number][], dataBytes: number): void {
  let position = 0;
  for (const [begin, end] of spans.sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    if (begin !== position) throw broken('its arrays overlap or leave gaps');
    position = end;
  }
  if (position !== dataBytes) throw broken(`its arrays cover ${position} of ${dataBytes} data bytes`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function broken(reason: string): DomainError {
  return new DomainError(
    'CheckpointIncompatible',
    `The checkpoint is not a valid safetensors file: ${reason}. Fetch it again or restore it from a backup.`,
  );
}
