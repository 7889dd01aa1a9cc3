/** Writes messages of protocol buffers: as much of the wire format as a graph of TensorFlow needs, and no more. */

/** An encoded message, or a part of one. */
export type Encoded = readonly Uint8Array[];

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

const utf8 = new TextEncoder();

function varint(value: number | bigint): Uint8Array {
  const bytes: number[] = [];
  // Negative numbers are written as their two's complement in 64 bits.
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

function tag(field: number, wireType: number): Uint8Array {
  return varint((field << 3) | wireType);
}

function sizeOf(parts: Encoded): number {
  return parts.reduce((size, part) => size + part.length, 0);
}

/** An int64, enum or bool. */
export function integerField(field: number, value: number | boolean): Encoded {
  return [tag(field, VARINT), varint(Number(value))];
}

export function floatField(field: number, value: number): Encoded {
  return [tag(field, FIXED_32), littleEndian(Float32Array.of(value))];
}

export function bytesField(field: number, value: Uint8Array | string): Encoded {
  return messageField(field, [typeof value === 'string' ? utf8.encode(value) : value]);
}

export function messageField(field: number, message: Encoded): Encoded {
  return [tag(field, LENGTH_DELIMITED), varint(sizeOf(message)), ...message];
}

/** A packed repeated field of int64, enum or bool. */
export function integersField(field: number, values: readonly (number | boolean)[]): Encoded {
  return messageField(
    field,
    values.map((value) => varint(Number(value))),
  );
}

/** A packed repeated field of float. */
export function floatsField(field: number, values: readonly number[]): Encoded {
  return bytesField(field, littleEndian(Float32Array.from(values)));
}

/**
 * The bytes of the numbers as they lie in memory: TensorFlow runs on little-endian machines alone, and so does this.
 */
export function littleEndian(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** The parts as one array. */
export function joined(parts: Encoded): Uint8Array {
  const bytes = new Uint8Array(sizeOf(parts));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
