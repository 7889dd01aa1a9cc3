/**
 * NIfTI files as videos. File axes are (columns, rows, frames) with pixdim in mm and seconds; because columns vary fastest
 * there too, the bytes have the memory order of imaging/image.ts. Orientation matrices are not applied: a video has none.
 */
import { gzipSync } from 'node:zlib';
import { DomainError } from '../ground/errors.ts';
import { CLASS_COUNT } from '../ground/labels.ts';
import type { GreyVideo, LabelVideo, VideoGeometry } from '../imaging/image.ts';
import { decodeNifti } from './nifti-decode.ts';

export { decodeNifti, isNifti } from './nifti-decode.ts';

const PIXELS_START = 352;
const TYPE_UINT8 = 2;
const TYPE_FLOAT32 = 16;
/** Millimetres and seconds. */
const UNITS = 2 | 8;

function firstFrame(index: number, geometry: VideoGeometry): number {
  return Math.floor(index / (geometry.rows * geometry.columns));
}

/**
 * Reads grey levels into [0, 1]. Bytes are divided by 255, other values in 0..1 are taken as they are, larger ones are
 * divided by 255 when they fit into it and by their maximum when they do not; negative ones are first shifted to start at 0.
 * @throws DatasetInvalid NaN or infinite pixels, and what decodeNifti throws
 */
export function readGreyNifti(bytes: Uint8Array, name: string): GreyVideo {
  const { geometry, data, isByteScale } = decodeNifti(bytes, name);
  let lowest = 0;
  let highest = 0;
  let broken = 0;
  let firstBroken = -1;
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (!Number.isFinite(value)) {
      broken += 1;
      if (firstBroken < 0) firstBroken = i;
    } else if (value < lowest) lowest = value;
    else if (value > highest) highest = value;
  }
  if (broken > 0) {
    throw new DomainError(
      'DatasetInvalid',
      `${name}: expected finite grey levels, found ${broken} NaN or infinite pixels, the first in frame ${firstFrame(firstBroken, geometry)}. ` +
        'Replace them (by 0 outside the sector) and import the file again.',
      { pixels: broken },
    );
  }
  const range = highest - lowest;
  const scale = isByteScale || (range > 1 && range <= 255) ? 255 : Math.max(1, range);
  const intensities = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) intensities[i] = (data[i]! - lowest) / scale;
  return { ...geometry, intensities };
}

/**
 * Reads a segmentation; every value must be one of the labels of ground/labels.ts.
 * @throws LabelMapInvalid other values, with their count and the first frame; and what decodeNifti throws
 */
export function readLabelNifti(bytes: Uint8Array, name: string): LabelVideo {
  const { geometry, data } = decodeNifti(bytes, name);
  const labels = new Uint8Array(data.length);
  const strangers = new Map<number, { count: number; first: number }>();
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    const label = Math.round(value);
    // Scaling by the header's slope leaves rounding errors.
    if (label >= 0 && label < CLASS_COUNT && Math.abs(value - label) < 1e-4) {
      labels[i] = label;
      continue;
    }
    const known = strangers.get(value);
    if (known !== undefined) known.count += 1;
    else if (strangers.size < 1000) strangers.set(value, { count: 1, first: i });
  }
  if (strangers.size > 0) {
    const listed = [...strangers]
      .slice(0, 5)
      .map(
        ([value, { count, first }]) =>
          `${value} (${count} pixels, first in frame ${firstFrame(first, geometry)})`,
      );
    throw new DomainError(
      'LabelMapInvalid',
      `${name}: expected labels 0 (background), 1 (left ventricle), 2 (myocardium), found ${listed.join(', ')}` +
        `${strangers.size > 5 ? ' and more' : ''}. Map or remove the other structures and import the file again.`,
    );
  }
  return { ...geometry, labels };
}

function niftiBytes(video: VideoGeometry, type: number, pixels: Uint8Array): Uint8Array {
  const file = new Uint8Array(PIXELS_START + pixels.length);
  const view = new DataView(file.buffer);
  const [rowMm, columnMm] = video.spacingMm;
  const seconds = video.frameTimeMs / 1000;
  view.setInt32(0, 348, true);
  for (const [i, size] of [3, video.columns, video.rows, video.frames, 1, 1, 1, 1].entries()) {
    view.setInt16(40 + 2 * i, size, true);
  }
  view.setInt16(70, type, true);
  view.setInt16(72, type === TYPE_FLOAT32 ? 32 : 8, true);
  for (const [i, size] of [1, columnMm, rowMm, seconds, 1, 1, 1, 1].entries()) {
    view.setFloat32(76 + 4 * i, size, true);
  }
  view.setFloat32(108, PIXELS_START, true);
  view.setFloat32(112, 1, true);
  view.setUint8(123, UNITS);
  // The same pixel sizes as a matrix, for readers that look at nothing else.
  view.setInt16(254, 1, true);
  view.setFloat32(280, columnMm, true);
  view.setFloat32(300, rowMm, true);
  view.setFloat32(320, seconds, true);
  file.set([0x6e, 0x2b, 0x31], 344);
  file.set(pixels, PIXELS_START);
  const packed = gzipSync(file, { level: 4 });
  // The time stamp is 0 already; the operating system's code would make the bytes differ between machines.
  packed[9] = 255;
  return new Uint8Array(packed.buffer, packed.byteOffset, packed.length);
}

/**
 * A .nii.gz file of grey levels, as bytes 0..255 (default: [0, 1] times 255, rounded, clipped) or as single-precision numbers
 * unchanged. The same video always gives the same bytes.
 */
export function writeGreyNifti(video: GreyVideo, as: 'uint8' | 'float32' = 'uint8'): Uint8Array {
  const { intensities } = video;
  if (as === 'float32') {
    const pixels = new DataView(new ArrayBuffer(intensities.length * 4));
    for (let i = 0; i < intensities.length; i++) pixels.setFloat32(4 * i, intensities[i]!, true);
    return niftiBytes(video, TYPE_FLOAT32, new Uint8Array(pixels.buffer));
  }
  const pixels = new Uint8Array(intensities.length);
  for (let i = 0; i < intensities.length; i++) {
    pixels[i] = Math.max(0, Math.min(255, Math.round(intensities[i]! * 255)));
  }
  return niftiBytes(video, TYPE_UINT8, pixels);
}

/** A .nii.gz file of labels as bytes. The same video always gives the same bytes. */
export function writeLabelNifti(video: LabelVideo): Uint8Array {
  return niftiBytes(video, TYPE_UINT8, video.labels);
}
