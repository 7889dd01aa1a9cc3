/**
 * NIfTI files as videos. File axes are (columns, rows, frames) with pixdim in mm and seconds; because columns vary
 * fastest there too, the bytes have the memory order of imaging/image.ts. Orientation is kept, not applied: masks are
 * written with their video's.
 */
import { gzipSync } from 'node:zlib';
import { counted } from '../ground/counted.ts';
import { DomainError } from '../ground/errors.ts';
import { CLASS_COUNT } from '../ground/labels.ts';
import { withInferredAnnotation } from '../imaging/annotation.ts';
import type { GreyVideo, LabelVideo, VideoGeometry } from '../imaging/image.ts';
import { type Affine, alignLabels } from '../imaging/orientation.ts';
import { lacksGeometryOf, noGeometryNote, withGeometryOf } from './default-header.ts';
import type { GivenGeometry } from './given-geometry.ts';
import { scaleGreyLevels } from './grey-scaling.ts';
import { decodeNifti } from './nifti-decode.ts';
import { affineOf, type NiftiLayout, type PixelCoding, plainLayout, writeHeader } from './nifti-layout.ts';
import type { RecordedVideo } from './video-facts.ts';

export { decodeNifti, isNifti, readNiftiLayout } from './nifti-decode.ts';
export type { NiftiLayout } from './nifti-layout.ts';

const TYPE_UINT8 = 2;
const TYPE_FLOAT32 = 16;
const TYPE_UINT16 = 512;

function firstFrame(index: number, geometry: VideoGeometry): number {
  return Math.floor(index / (geometry.rows * geometry.columns));
}

/**
 * Reads grey levels into [0, 1], scaled by what is there (grey-scaling.ts); `given` fills what the header lacks.
 * @throws DatasetInvalid NaN or infinite pixels, and what decodeNifti throws
 */
export function readGreyNifti(bytes: Uint8Array, name: string, given: GivenGeometry = {}): RecordedVideo {
  const { geometry, data, layout, source, notes } = decodeNifti(bytes, name, given);
  const place = { name, pixelsPerFrame: geometry.rows * geometry.columns };
  return { ...geometry, ...scaleGreyLevels(data, source, place), layout, ...(notes.length > 0 && { notes }) };
}

/** Labels of another convention by those of ground/labels.ts, such as 3 -> 0 for the atrium that CAMUS draws too. */
export type LabelMap = ReadonlyMap<number, number>;

export interface LabelOptions {
  readonly labelMap?: LabelMap | undefined;
  /** Of the mask's video. */
  readonly given?: GivenGeometry;
  /** What a person should know of the reading is added here. */
  readonly notes?: string[] | undefined;
}

/**
 * Reads a segmentation; every value, once mapped, must be one of the labels of ground/labels.ts.
 * @throws LabelMapInvalid other values, with their count and the first frame; and what decodeNifti throws
 */
export function readLabelNifti(bytes: Uint8Array, name: string, options: LabelOptions = {}): LabelVideo {
  return readLabelFile(bytes, name, options).labels;
}

/** `readLabelNifti`, with the file's layout. */
export function readLabelFile(
  bytes: Uint8Array,
  name: string,
  { labelMap, given }: LabelOptions = {},
): { labels: LabelVideo; layout: NiftiLayout } {
  const decoded = decodeNifti(bytes, name, given);
  return { labels: labelVideoOf(decoded, name, labelMap), layout: decoded.layout };
}

/** Numbers of a mask as labels. @throws LabelMapInvalid for values that are none */
export function labelVideoOf(
  { geometry, data }: { geometry: VideoGeometry; data: ArrayLike<number> },
  name: string,
  labelMap: LabelMap | undefined,
): LabelVideo {
  const { labels, strangers } = labelsOf(data, labelMap);
  if (strangers.size > 0) {
    const listed = [...strangers]
      .slice(0, 5)
      .map(
        ([value, { count, first }]) =>
          `${value} (${counted(count, 'pixel')}, first in frame ${firstFrame(first, geometry)})`,
      );
    throw new DomainError(
      'LabelMapInvalid',
      `${name}: expected labels 0 (background), 1 (left ventricle), 2 (myocardium), found ${listed.join(', ')}` +
        `${strangers.size > 5 ? ' and more' : ''}. Map them with --labels-map, such as 3=0 for an atrium, or remove the other structures.`,
    );
  }
  return { ...geometry, labels };
}

interface Stranger {
  count: number;
  readonly first: number;
}

/** Values as labels; those that are none are counted. */
function labelsOf(
  data: ArrayLike<number>,
  labelMap: LabelMap | undefined,
): { labels: Uint8Array; strangers: Map<number, Stranger> } {
  const labels = new Uint8Array(data.length);
  const strangers = new Map<number, Stranger>();
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    const whole = Math.round(value);
    const label = labelMap?.get(whole) ?? whole;
    // Scaling by the header's slope leaves rounding errors.
    if (label >= 0 && label < CLASS_COUNT && Math.abs(value - whole) < 1e-4) {
      labels[i] = label;
      continue;
    }
    const known = strangers.get(value);
    if (known !== undefined) known.count += 1;
    else if (strangers.size < 1000) strangers.set(value, { count: 1, first: i });
  }
  return { labels, strangers };
}

/** A file that others are brought onto; the layout is known where it is NIfTI. */
export type TargetGrid = VideoGeometry & { readonly layout?: NiftiLayout | undefined };

/**
 * The frame time of a mask, or of a map of its pixels, is that of its video, whatever its own header says; the pixel
 * size where its header has none.
 */
export function ofVideo({ frameTimeMs, spacingMm }: VideoGeometry): GivenGeometry {
  const size = { spacingOfVideoMm: spacingMm };
  return frameTimeMs > 0 ? { ...size, frameTimeMs, force: ['frame-time-conflict'] } : size;
}

/**
 * A mask on the grid of its video, by the affines of both files; one whose header states no geometry has its pixels in
 * the order and of the size of its video's (default-header.ts).
 * @throws GeometryMismatch when they do not lie on one grid (imaging/orientation.ts), LabelMapInvalid and what
 * decodeNifti throws
 */
export function readAlignedLabels(
  bytes: Uint8Array,
  name: string,
  target: TargetGrid,
  options: LabelOptions = {},
): LabelVideo {
  const { labels, layout } = readLabelFile(bytes, name, { given: ofVideo(target), ...options });
  return labelsOnGrid(labels, layout, name, target, options.notes);
}

/** Decoded labels of a file on the grid of its video. @throws GeometryMismatch as readAlignedLabels */
export function labelsOnGrid(
  labels: LabelVideo,
  layout: NiftiLayout,
  name: string,
  target: TargetGrid,
  notes: string[] | undefined,
): LabelVideo {
  if (lacksGeometryOf(layout, target)) {
    const placed = withGeometryOf(labels, target);
    if (placed !== labels && !notes?.includes(noGeometryNote)) notes?.push(noGeometryNote);
    return placed;
  }
  return alignLabels({ video: labels, affine: affineOf(layout), name }, target, targetAffine(target));
}

/**
 * A reference on the grid of what it is compared with or drawn for: labels with what they show that they know
 * (imaging/annotation.ts).
 * @throws as readAlignedLabels
 */
export function readReference(
  bytes: Uint8Array,
  name: string,
  target: TargetGrid,
  options: LabelOptions = {},
): LabelVideo {
  return withInferredAnnotation(readAlignedLabels(bytes, name, target, options));
}

/** Where the pixels of a file lie that others are brought onto. */
export function targetAffine({ layout }: TargetGrid): Affine | undefined {
  return layout && affineOf(layout);
}

/** Packed by gzip without time or machine, so that the same pixels always give the same bytes. */
function niftiBytes(layout: NiftiLayout, coding: PixelCoding, pixels: Uint8Array): Uint8Array {
  const header = writeHeader(layout, coding);
  const file = new Uint8Array(header.length + pixels.length);
  file.set(header);
  file.set(pixels, header.length);
  const packed = gzipSync(file, { level: 4 });
  // The time stamp is 0 already; the operating system's code would make the bytes differ between machines.
  packed[9] = 255;
  return new Uint8Array(packed.buffer, packed.byteOffset, packed.length);
}

/** What a stored video's [0, 1] are in the file; a reader takes them back as they are. */
const UNIT_WINDOW = [0, 1] as const;

/**
 * A .nii.gz file of grey levels, as whole numbers of 8 (default) or 16 bits ([0, 1] times the highest, rounded,
 * clipped) or as single-precision numbers unchanged. `layout` is that of the file which the grid comes from. The same
 * video always gives the same bytes.
 */
export function writeGreyNifti(
  video: GreyVideo,
  as: 'uint8' | 'uint16' | 'float32' = 'uint8',
  layout: NiftiLayout = plainLayout(video),
): Uint8Array {
  const { intensities } = video;
  if (as === 'float32') {
    const pixels = new DataView(new ArrayBuffer(intensities.length * 4));
    for (let i = 0; i < intensities.length; i++) pixels.setFloat32(4 * i, intensities[i]!, true);
    const coding = { type: TYPE_FLOAT32, bits: 32, window: UNIT_WINDOW };
    return niftiBytes(layout, coding, new Uint8Array(pixels.buffer));
  }
  const bits = as === 'uint8' ? 8 : 16;
  const highest = 2 ** bits - 1;
  const pixels = new DataView(new ArrayBuffer((intensities.length * bits) / 8));
  for (let i = 0; i < intensities.length; i++) {
    const level = Math.max(0, Math.min(highest, Math.round(intensities[i]! * highest)));
    if (bits === 8) pixels.setUint8(i, level);
    else pixels.setUint16(2 * i, level, true);
  }
  const coding =
    bits === 8 ? { type: TYPE_UINT8, bits } : { type: TYPE_UINT16, bits, window: [0, highest] as const };
  return niftiBytes(layout, coding, new Uint8Array(pixels.buffer));
}

/** A .nii.gz file of labels as bytes, in the layout of its video. The same labels always give the same bytes. */
export function writeLabelNifti(video: LabelVideo, layout: NiftiLayout = plainLayout(video)): Uint8Array {
  return niftiBytes(layout, { type: TYPE_UINT8, bits: 8 }, video.labels);
}
