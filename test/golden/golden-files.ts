/**
 * Golden vectors: inputs with the outputs that the published code, scipy, scikit-image or torch gave for them.
 * The folder is GOLDEN_DIR, by default the copies in test/golden/data, so other vectors of the same formats can be run.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** An array as the golden files store it: little endian, row-major, gzip then base64. */
export interface EncodedArray {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly data: string;
}

export type GoldenData =
  | Uint8Array
  | Int8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

const arrayTypes: Readonly<Record<string, new (buffer: ArrayBuffer) => GoldenData>> = {
  b1: Uint8Array,
  u1: Uint8Array,
  i1: Int8Array,
  u2: Uint16Array,
  i2: Int16Array,
  u4: Uint32Array,
  i4: Int32Array,
  f4: Float32Array,
  f8: Float64Array,
};

/** Path of a file of the golden folder, `name` with its extension. */
export function goldenPath(name: string): string {
  return join(process.env.GOLDEN_DIR ?? join(import.meta.dirname, 'data'), name);
}

/** True when the golden folder in use holds the file, `name` with its extension. */
export function goldenExists(name: string): boolean {
  return existsSync(goldenPath(name));
}

/**
 * The JSON document `name` (without extension) and the number of cases it holds, which is printed.
 * A file without cases fails, because a comparison that compares nothing must not pass.
 * The fields differ from file to file (golden/README.md), hence `any`.
 */
// biome-ignore lint/suspicious/noExplicitAny: the shape of each document is that of the published file
export function loadGolden(name: string): any {
  const path = goldenPath(`${name}.json`);
  const document = JSON.parse(readFileSync(path, 'utf8'));
  const cases: unknown = document.cases;
  if (!Array.isArray(cases) || cases.length === 0) {
    throw new Error(`${path} holds no cases: expected a non-empty list under "cases".`);
  }
  process.stdout.write(`golden ${name}: ${cases.length} cases compared\n`);
  return document;
}

/** Decodes an encoded array. Integers wider than 32 bits are narrowed to doubles, which hold every count exactly. */
export function decodeArray(encoded: EncodedArray): { shape: readonly number[]; data: GoldenData } {
  const bytes = Uint8Array.from(gunzipSync(Buffer.from(encoded.data, 'base64')));
  const type = encoded.dtype.replace(/^[<|=]/, '');
  let data: GoldenData;
  if (type === 'i8' || type === 'u8') {
    data = Float64Array.from(new BigInt64Array(bytes.buffer), Number);
  } else {
    const make = arrayTypes[type];
    if (make === undefined) throw new Error(`Golden array of unknown type ${encoded.dtype}.`);
    data = new make(bytes.buffer);
  }
  const expected = encoded.shape.reduce((product, size) => product * size, 1);
  if (data.length !== expected) {
    throw new Error(`Golden array of shape ${encoded.shape.join('x')} holds ${data.length} values.`);
  }
  return { shape: encoded.shape, data };
}

/** Decoded labels or other bytes; fails on any other type. */
export function decodeBytes(encoded: EncodedArray): Uint8Array {
  const { data } = decodeArray(encoded);
  if (!(data instanceof Uint8Array)) throw new Error(`Expected bytes, found ${encoded.dtype}.`);
  return data;
}

/** A number of a golden file, where NaN and infinities are written as strings. */
export function goldenNumber(value: number | string | null): number {
  return value === null ? Number.NaN : Number(value);
}

/** A nested row-major JSON list as a flat array with its shape. */
export function flattenList(list: unknown): { shape: number[]; data: Float64Array } {
  const shape: number[] = [];
  for (let level = list; Array.isArray(level); level = level[0]) shape.push(level.length);
  const values = (Array.isArray(list) ? list : [list]).flat(Number.POSITIVE_INFINITY) as (number | string)[];
  return { shape, data: Float64Array.from(values, goldenNumber) };
}
