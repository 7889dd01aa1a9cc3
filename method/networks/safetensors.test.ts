import { describe, expect, it } from 'vitest';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';

const arrays = {
  'b.weight': { shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 0, 1e-30, -0) },
  'a.scalar': { shape: [], data: Float32Array.of(7) },
  empty: { shape: [0, 4], data: new Float32Array(0) },
};

/** A file with the given header and as many zero bytes of data. */
function fileOf(header: unknown, dataBytes: number): Uint8Array {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const entry = (begin: number, end: number, shape = [(end - begin) / 4], dtype = 'F32') => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe('safetensors', () => {
  it('gives back names, order, shapes, values and metadata', () => {
    const decoded = decodeSafetensors(encodeSafetensors(arrays, { kind: 'policy', note: 'über' }));
    expect(decoded).toEqual({ arrays, metadata: { kind: 'policy', note: 'über' } });
    expect(Object.keys(decoded.arrays)).toEqual(Object.keys(arrays));
  });

  it('writes the same bytes for the same input, data aligned to 8', () => {
    const bytes = encodeSafetensors(arrays, {});
    expect(encodeSafetensors(arrays, {})).toEqual(bytes);
    expect(Number(new DataView(bytes.buffer).getBigUint64(0, true)) % 8).toBe(0);
  });

  it('reads from the middle of a larger buffer', () => {
    const bytes = encodeSafetensors(arrays, {});
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(decodeSafetensors(shifted.subarray(3)).arrays).toEqual(arrays);
  });

  it('reads int32 as numbers', () => {
    const bytes = fileOf({ x: entry(0, 8, [2], 'I32') }, 8);
    new DataView(bytes.buffer).setInt32(bytes.length - 4, -5, true);
    expect(decodeSafetensors(bytes).arrays.x!.data).toEqual(Float32Array.of(0, -5));
  });

  it('keeps an array named __proto__ from changing anything', () => {
    const bytes = fileOf(`{"__proto__":${JSON.stringify(entry(0, 4))}}`, 4);
    expect(Object.getPrototypeOf(decodeSafetensors(bytes).arrays)).toBe(Object.prototype);
  });

  const whole = encodeSafetensors(arrays, {});
  const broken: [string, Uint8Array][] = [
    ['no bytes at all', new Uint8Array(0)],
    ['a file that is cut off in its data', whole.subarray(0, whole.length - 1)],
    ['a file that is cut off in its header', whole.subarray(0, 20)],
    ['bytes after the data', fileOf({ x: entry(0, 4) }, 8)],
    ['a header that is not JSON', fileOf('{"x":', 0)],
    ['a header that is a list', fileOf([], 0)],
    ['a header larger than the file', Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 127)],
    ['arrays that overlap', fileOf({ x: entry(0, 8), y: entry(4, 12) }, 12)],
    ['a gap between arrays', fileOf({ x: entry(0, 4), y: entry(8, 12) }, 12)],
    ['a shape that does not fit its bytes', fileOf({ x: entry(0, 8, [3]) }, 8)],
    ['a negative size', fileOf({ x: entry(0, 8, [-2, -1]) }, 8)],
    ['metadata that is not text', fileOf({ __metadata__: { a: 1 } }, 0)],
  ];
  for (const [what, bytes] of broken) {
    it(`refuses ${what}`, () => {
      expect(() => decodeSafetensors(bytes)).toThrow(
        expect.objectContaining({ code: 'CheckpointIncompatible' }),
      );
    });
  }

  it('refuses other number types by name', () => {
    const bytes = fileOf({ x: entry(0, 4, [2], 'F16') }, 4);
    expect(() => decodeSafetensors(bytes)).toThrow(/F16.*F32/);
  });
});
