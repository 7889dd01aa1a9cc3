/**
 * The geometry of a NIfTI file as it was written: axes, pixel sizes, units and both orientations, byte for byte. A
 * mask is written with the layout of its video, so that every viewer lays one over the other, whatever the
 * orientation (LPS, RAS), the number of axes or the units.
 */

import type { VideoGeometry } from '../imaging/image.ts';
import type { Affine } from '../imaging/orientation.ts';

export interface NiftiLayout {
  readonly version: 1 | 2;
  /** Number of axes, then their sizes, eight numbers. */
  readonly dims: readonly number[];
  /** The sign of the quaternion's third axis, then the step of every axis, in the file's units: eight numbers. */
  readonly pixDims: readonly number[];
  /** Code of spatial (low three bits) and temporal units. */
  readonly units: number;
  readonly qformCode: number;
  readonly sformCode: number;
  /** Quaternion b, c, d and offset x, y, z. */
  readonly quaternion: readonly number[];
  /** Three rows of four. */
  readonly sform: readonly number[];
}

/** What of the header is about the pixels and not their place. */
export interface PixelCoding {
  readonly type: number;
  readonly bits: number;
  readonly slope?: number;
  /** Range of black and white, for readers and viewers that scale. */
  readonly window?: readonly [number, number];
}

interface Fields {
  readonly size: number;
  readonly pixelsStart: number;
  readonly type: number;
  readonly bits: number;
  readonly dims: number;
  readonly pixDims: number;
  readonly voxOffset: number;
  readonly slope: number;
  readonly intercept: number;
  readonly calMax: number;
  readonly calMin: number;
  readonly units: number;
  readonly qformCode: number;
  readonly sformCode: number;
  readonly quaternion: number;
  readonly sform: number;
}

/** Byte offsets of NIfTI-1 and NIfTI-2 (nifti1.h, nifti2.h). */
const fieldsOf: Readonly<Record<1 | 2, Fields>> = {
  1: {
    size: 348,
    pixelsStart: 352,
    type: 70,
    bits: 72,
    dims: 40,
    pixDims: 76,
    voxOffset: 108,
    slope: 112,
    intercept: 116,
    calMax: 124,
    calMin: 128,
    units: 123,
    qformCode: 252,
    sformCode: 254,
    quaternion: 256,
    sform: 280,
  },
  2: {
    size: 540,
    pixelsStart: 544,
    type: 12,
    bits: 14,
    dims: 16,
    pixDims: 104,
    voxOffset: 168,
    slope: 176,
    intercept: 184,
    calMax: 192,
    calMin: 200,
    units: 500,
    qformCode: 344,
    sformCode: 348,
    quaternion: 352,
    sform: 400,
  },
};

const magicOf = {
  1: { at: 344, bytes: [0x6e, 0x2b, 0x31] },
  2: { at: 4, bytes: [0x6e, 0x2b, 0x32, 0, 0x0d, 0x0a, 0x1a, 0x0a] },
} as const;

const counted = (length: number) => Array.from({ length }, (_, i) => i);

/** The layout in a header of at least 348 (NIfTI-1) or 540 bytes. */
export function readLayout(header: Uint8Array, version: 1 | 2, littleEndian: boolean): NiftiLayout {
  const fields = fieldsOf[version];
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const real = (offset: number, i: number) =>
    version === 1
      ? view.getFloat32(offset + 4 * i, littleEndian)
      : view.getFloat64(offset + 8 * i, littleEndian);
  const code = (offset: number) =>
    version === 1 ? view.getInt16(offset, littleEndian) : view.getInt32(offset, littleEndian);
  return {
    version,
    dims: counted(8).map((i) =>
      version === 1
        ? view.getInt16(fields.dims + 2 * i, littleEndian)
        : Number(view.getBigInt64(fields.dims + 8 * i, littleEndian)),
    ),
    pixDims: counted(8).map((i) => real(fields.pixDims, i)),
    units: version === 1 ? view.getUint8(fields.units) : view.getInt32(fields.units, littleEndian),
    qformCode: code(fields.qformCode),
    sformCode: code(fields.sformCode),
    quaternion: counted(6).map((i) => real(fields.quaternion, i)),
    sform: counted(12).map((i) => real(fields.sform, i)),
  };
}

/** A little-endian header with room up to where the pixels start. */
export function writeHeader(layout: NiftiLayout, coding: PixelCoding): Uint8Array {
  const { version } = layout;
  const fields = fieldsOf[version];
  const header = new Uint8Array(fields.pixelsStart);
  const view = new DataView(header.buffer);
  const real = (offset: number, value: number, i = 0) =>
    version === 1
      ? view.setFloat32(offset + 4 * i, value, true)
      : view.setFloat64(offset + 8 * i, value, true);
  const code = (offset: number, value: number) =>
    version === 1 ? view.setInt16(offset, value, true) : view.setInt32(offset, value, true);
  view.setInt32(0, fields.size, true);
  for (const [i, size] of layout.dims.entries()) {
    if (version === 1) view.setInt16(fields.dims + 2 * i, size, true);
    else view.setBigInt64(fields.dims + 8 * i, BigInt(size), true);
  }
  view.setInt16(fields.type, coding.type, true);
  view.setInt16(fields.bits, coding.bits, true);
  for (const [i, size] of layout.pixDims.entries()) real(fields.pixDims, size, i);
  if (version === 1) view.setFloat32(fields.voxOffset, fields.pixelsStart, true);
  else view.setBigInt64(fields.voxOffset, BigInt(fields.pixelsStart), true);
  real(fields.slope, coding.slope ?? 1);
  real(fields.calMin, coding.window?.[0] ?? 0);
  real(fields.calMax, coding.window?.[1] ?? 0);
  if (version === 1) view.setUint8(fields.units, layout.units);
  else view.setInt32(fields.units, layout.units, true);
  code(fields.qformCode, layout.qformCode);
  code(fields.sformCode, layout.sformCode);
  for (const [i, value] of layout.quaternion.entries()) real(fields.quaternion, value, i);
  for (const [i, value] of layout.sform.entries()) real(fields.sform, value, i);
  header.set(magicOf[version].bytes, magicOf[version].at);
  return header;
}

const MILLIMETRES_AND_SECONDS = 2 | 8;

/**
 * Axes (columns, rows, frames) in mm and seconds, with the pixel sizes as a matrix for readers that look at nothing
 * else; for videos of formats without an orientation.
 */
export function plainLayout({ frames, rows, columns, spacingMm, frameTimeMs }: VideoGeometry): NiftiLayout {
  const [rowMm, columnMm] = spacingMm;
  const seconds = frameTimeMs / 1000;
  return {
    version: 1,
    dims: [3, columns, rows, frames, 1, 1, 1, 1],
    pixDims: [1, columnMm, rowMm, seconds, 1, 1, 1, 1],
    units: MILLIMETRES_AND_SECONDS,
    qformCode: 0,
    sformCode: 1,
    quaternion: [0, 0, 0, 0, 0, 0],
    sform: [columnMm, 0, 0, 0, 0, rowMm, 0, 0, 0, 0, seconds, 0],
  };
}

/** Columns of the rotation that a quaternion stands for (nifti1.h, METHOD 2). */
function quaternionAffine({ quaternion, pixDims }: NiftiLayout): Affine {
  const [b, c, d, x, y, z] = quaternion as [number, number, number, number, number, number];
  const a = Math.sqrt(Math.max(0, 1 - b * b - c * c - d * d));
  const sign = pixDims[0]! < 0 ? -1 : 1;
  const [columnStep, rowStep, thirdStep] = [pixDims[1]!, pixDims[2]!, pixDims[3]! * sign];
  return {
    column: [
      (a * a + b * b - c * c - d * d) * columnStep,
      2 * (b * c + a * d) * columnStep,
      2 * (b * d - a * c) * columnStep,
    ],
    row: [
      2 * (b * c - a * d) * rowStep,
      (a * a + c * c - b * b - d * d) * rowStep,
      2 * (c * d + a * b) * rowStep,
    ],
    third: [
      2 * (b * d + a * c) * thirdStep,
      2 * (c * d - a * b) * thirdStep,
      (a * a + d * d - b * b - c * c) * thirdStep,
    ],
    origin: [x, y, z],
  };
}

/** Where pixels lie, in the file's spatial unit: the sform, else the qform; undefined when the file states neither. */
export function affineOf(layout: NiftiLayout): Affine | undefined {
  const isVideoOfThreeAxes = layout.dims[0]! <= 3;
  const affine = (() => {
    if (layout.sformCode > 0) {
      const m = layout.sform;
      const column = (i: number) => [m[i]!, m[4 + i]!, m[8 + i]!] as const;
      return { column: column(0), row: column(1), third: column(2), origin: column(3) };
    }
    return layout.qformCode > 0 ? quaternionAffine(layout) : undefined;
  })();
  if (affine === undefined) return undefined;
  // With time on the fourth axis, the third one says nothing about the order of the frames.
  return isVideoOfThreeAxes ? affine : { ...affine, third: undefined };
}
