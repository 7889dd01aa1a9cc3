/** NIfTI-1 files with any header, for tests of what a reader must accept or refuse. */
export interface NiftiFixture {
  readonly dims: readonly number[];
  readonly pixdim: readonly number[];
  readonly datatype?: number;
  readonly units?: number;
  readonly slope?: number;
  readonly intercept?: number;
  readonly bigEndian?: boolean;
  /** Written one after the other; fewer than the header announces make a file that was cut short. */
  readonly values: readonly number[];
}

const bitsOf: Readonly<Record<number, number>> = {
  2: 8,
  4: 16,
  8: 32,
  16: 32,
  64: 64,
  256: 8,
  512: 16,
  768: 32,
  1024: 64,
  1280: 64,
  128: 24,
};

function writeValue(view: DataView, datatype: number, offset: number, value: number, little: boolean): void {
  if (datatype === 4) view.setInt16(offset, value, little);
  else if (datatype === 8) view.setInt32(offset, value, little);
  else if (datatype === 16) view.setFloat32(offset, value, little);
  else if (datatype === 64) view.setFloat64(offset, value, little);
  else if (datatype === 768) view.setUint32(offset, value, little);
  else if (datatype === 1024) view.setBigInt64(offset, BigInt(value), little);
  else if (datatype === 1280) view.setBigUint64(offset, BigInt(value), little);
  else if (datatype === 512) view.setUint16(offset, value, little);
  else view.setUint8(offset, value);
}

/** The file, not compressed. `dims` are the sizes without their count; units default to mm and seconds. */
export function niftiFixture(fixture: NiftiFixture): Uint8Array {
  const {
    dims,
    pixdim,
    datatype = 2,
    units = 10,
    slope = 1,
    intercept = 0,
    bigEndian = false,
    values,
  } = fixture;
  const little = !bigEndian;
  const bits = bitsOf[datatype] ?? 8;
  const bytes = new Uint8Array(352 + (values.length * bits) / 8);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, 348, little);
  view.setInt16(40, dims.length, little);
  for (let i = 0; i < 7; i++) view.setInt16(42 + 2 * i, dims[i] ?? 1, little);
  view.setFloat32(76, 1, little);
  for (let i = 0; i < 7; i++) view.setFloat32(80 + 4 * i, pixdim[i] ?? 0, little);
  view.setInt16(70, datatype, little);
  view.setInt16(72, bits, little);
  view.setFloat32(108, 352, little);
  view.setFloat32(112, slope, little);
  view.setFloat32(116, intercept, little);
  view.setUint8(123, units);
  bytes.set([0x6e, 0x2b, 0x31], 344);
  for (const [i, value] of values.entries()) writeValue(view, datatype, 352 + (i * bits) / 8, value, little);
  return bytes;
}
