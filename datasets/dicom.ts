/**
 * Multi-frame ultrasound DICOM as a video. De-identified by construction: of the header only pixel layout, pixel size and
 * frame time are read, and what is written on the picture outside the ultrasound sector is blanked where it can be found.
 */
import dicomParser, { type DataSet } from 'dicom-parser';
import { DomainError } from '../ground/errors.ts';
import type { GreyVideo } from '../imaging/image.ts';
import { frameTime, type PixelBox, pixelSpacing, ultrasoundRegion } from './dicom-geometry.ts';
import { checkLayout, decodePixels, type PixelLayout } from './dicom-pixels.ts';
import { checkFileSize, checkFrameTime, checkGrid, checkSpacing } from './limits.ts';
import { blankOutside, findSector } from './sector.ts';

/** What a file lacks or states wrongly, from the person who imports it. It takes precedence over the header. */
export interface GeometryOverrides {
  /** Millimetres per stored pixel as [row, column]. */
  readonly spacingMm?: readonly [number, number];
  readonly frameTimeMs?: number;
}

/** True for a DICOM file with its preamble. */
export function isDicom(bytes: Uint8Array): boolean {
  return bytes[128] === 0x44 && bytes[129] === 0x49 && bytes[130] === 0x43 && bytes[131] === 0x4d;
}

function parse(bytes: Uint8Array, name: string): DataSet {
  try {
    return dicomParser.parseDicom(bytes);
  } catch (failure) {
    // The parser throws plain values or objects that hold the bytes read so far: none of it belongs in a message.
    throw new DomainError(
      'DatasetInvalid',
      `${name}: expected a DICOM file, found a header that cannot be read. Copy or export the file again.`,
      {},
      failure instanceof Error ? { cause: failure } : {},
    );
  }
}

function layoutOf(header: DataSet, name: string): PixelLayout {
  const layout = {
    frames: header.intString('x00280008') ?? 1,
    rows: header.uint16('x00280010') ?? 0,
    columns: header.uint16('x00280011') ?? 0,
    samples: header.uint16('x00280002') ?? 1,
    bitsAllocated: header.uint16('x00280100') ?? 8,
    bitsStored: header.uint16('x00280101') ?? 8,
    photometric: (header.string('x00280004') ?? '').trim(),
    isPlanar: header.uint16('x00280006') === 1,
    transferSyntax: (header.string('x00020010') ?? '').trim(),
  };
  checkGrid(layout.frames, layout.rows, layout.columns, name);
  checkLayout(layout, name);
  return layout;
}

function boxMask(box: PixelBox, rows: number, columns: number): Uint8Array {
  const mask = new Uint8Array(rows * columns);
  for (let row = box.top; row <= box.bottom; row++) {
    mask.fill(1, row * columns + box.left, row * columns + box.right + 1);
  }
  return mask;
}

/**
 * Reads uncompressed or JPEG baseline ultrasound. Colour becomes luma. Pixels outside the sector (sector.ts), or outside
 * the calibrated region where no sector is found, are 0; a file with neither keeps all its pixels.
 * @throws FormatUnsupported other compression or pixels; DatasetInvalid damaged, or without pixel size or frame time; LimitExceeded
 */
export async function readDicom(
  bytes: Uint8Array,
  name: string,
  overrides: GeometryOverrides = {},
): Promise<GreyVideo> {
  checkFileSize(bytes.length, name);
  const header = parse(bytes, name);
  const layout = layoutOf(header, name);
  const { frames, rows, columns } = layout;
  const region =
    overrides.spacingMm === undefined ? ultrasoundRegion(header, rows, columns, name) : undefined;
  const spacingMm = overrides.spacingMm ?? region?.spacingMm ?? pixelSpacing(header);
  if (spacingMm === undefined) {
    throw new DomainError(
      'DatasetInvalid',
      `${name}: expected a pixel size (SequenceOfUltrasoundRegions in cm, or PixelSpacing), found none. ` +
        'Give the pixel size in mm when importing this file, or leave it out.',
    );
  }
  checkSpacing(spacingMm, name);
  const frameTimeMs = overrides.frameTimeMs ?? frameTime(header) ?? (frames === 1 ? 0 : Number.NaN);
  if (Number.isNaN(frameTimeMs)) {
    throw new DomainError(
      'DatasetInvalid',
      `${name}: expected the time between its ${frames} frames (FrameTime, FrameTimeVector or a frame rate), found none. ` +
        'Give the frame time in ms when importing this file, or leave it out.',
    );
  }
  checkFrameTime(frameTimeMs, frames, name);
  const intensities = await decodePixels(header, layout, name);
  const video = { frames, rows, columns, spacingMm, frameTimeMs, intensities };
  const keep = findSector(video) ?? (region && boxMask(region.box, rows, columns));
  return keep === undefined ? video : blankOutside(video, keep);
}
