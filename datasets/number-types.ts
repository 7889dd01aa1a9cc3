/** Numbers as files of pixels hold them, by size and kind. */

export interface NumberType {
  readonly bytes: number;
  /** Whole numbers of 64 bits are rounded to double precision. */
  readonly read: (view: DataView, offset: number, littleEndian: boolean) => number;
}

export const numberTypes = {
  uint8: { bytes: 1, read: (view, offset) => view.getUint8(offset) },
  int8: { bytes: 1, read: (view, offset) => view.getInt8(offset) },
  uint16: { bytes: 2, read: (view, offset, little) => view.getUint16(offset, little) },
  int16: { bytes: 2, read: (view, offset, little) => view.getInt16(offset, little) },
  uint32: { bytes: 4, read: (view, offset, little) => view.getUint32(offset, little) },
  int32: { bytes: 4, read: (view, offset, little) => view.getInt32(offset, little) },
  uint64: { bytes: 8, read: (view, offset, little) => Number(view.getBigUint64(offset, little)) },
  int64: { bytes: 8, read: (view, offset, little) => Number(view.getBigInt64(offset, little)) },
  float32: { bytes: 4, read: (view, offset, little) => view.getFloat32(offset, little) },
  float64: { bytes: 8, read: (view, offset, little) => view.getFloat64(offset, little) },
} as const satisfies Record<string, NumberType>;

/** Room for numbers of the type: 32-bit whole numbers and doubles do not fit into single precision. */
export function arrayFor(type: NumberType, length: number): Float32Array | Float64Array {
  const isSingle = type.bytes <= 2 || type === numberTypes.float32;
  return isSingle ? new Float32Array(length) : new Float64Array(length);
}
