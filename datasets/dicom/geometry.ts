/** Pixel size and frame time of a recording, from its header and from what is given (given-geometry.ts). */
import type { DataSet } from 'dicom-parser';
import { DomainError } from '../../ground/errors.ts';
import { fillFrameTime, fillSpacing, type GeometryRequest } from '../given-geometry.ts';
import { limits } from '../limits.ts';
import { statedFrameTime } from './frame-time.ts';
import { numbersOf, tags } from './header-values.ts';
import type { TissueRegion } from './ultrasound-regions.ts';

/** Pixel size that the header states for the stored picture: of the region, else PixelSpacing. */
function statedSpacing(
  header: DataSet,
  tissue: TissueRegion | undefined,
  screenFactor: number | undefined,
): readonly [number, number] | undefined {
  if (tissue?.spacingMm !== undefined) {
    const [row, column] = tissue.spacingMm;
    return screenFactor === undefined ? undefined : [row * screenFactor, column * screenFactor];
  }
  const [row, column] = numbersOf(header, tags.pixelSpacing);
  return row !== undefined && column !== undefined ? [row, column] : undefined;
}

/**
 * Millimetres per stored pixel as [row, column].
 * @param screenFactor how many times the screen was larger than the picture; undefined when the region fits neither
 * @throws DatasetInvalid when there is none, it is implausible, or what is given differs (reason spacing-conflict)
 */
export function pixelSpacing(
  header: DataSet,
  tissue: TissueRegion | undefined,
  screenFactor: number | undefined,
  request: GeometryRequest,
): readonly [number, number] {
  const stated = statedSpacing(header, tissue, screenFactor);
  const found = fillSpacing(stated, request);
  if (found !== undefined) return found;
  throw new DomainError('DatasetInvalid', `${request.name}: ${missingSpacing(stated, tissue)}`);
}

function missingSpacing(stated: readonly number[] | undefined, tissue: TissueRegion | undefined): string {
  const remedy = 'Give the pixel size in mm with --spacing-mm for this file, or leave it out.';
  if (stated !== undefined) {
    const shown = stated.map((size) => Number(size.toPrecision(5))).join(' x ');
    return `expected a pixel size of ${limits.spacingMm.join(' to ')} mm, found ${shown} mm (row x column). ${remedy}`;
  }
  if (tissue?.spacingMm !== undefined) {
    const { bottom, right } = tissue.box;
    return (
      `expected the ultrasound region to lie in the picture, found its corner at row ${bottom}, column ${right}, outside it. ` +
      `The picture was cut, or stored smaller than the screen, and its pixel size is not known. ${remedy}`
    );
  }
  return `expected a pixel size (SequenceOfUltrasoundRegions in cm, or PixelSpacing), found none. ${remedy}`;
}

/**
 * Milliseconds between frames; 0 for a still picture.
 * @throws DatasetInvalid when there is none, it is implausible, or what is given differs (reason frame-time-conflict)
 */
export function frameTime(header: DataSet, frames: number, request: GeometryRequest): number {
  if (frames === 1) return 0;
  const { frameTimeMs: stated, source, implausible } = statedFrameTime(header);
  const filled = fillFrameTime(stated, request, source);
  if (filled !== undefined) return filled;
  const found = implausible.length === 0 ? 'none' : implausible.join(', ');
  throw new DomainError(
    'DatasetInvalid',
    `${request.name}: expected the time between its ${frames} frames (FrameTime, FrameTimeVector or a frame rate; ${limits.frameTimeMs.join(' to ')} ms), found ${found}. ` +
      'Give the frame time in ms with --frame-time-ms for this file, or leave it out.',
  );
}
