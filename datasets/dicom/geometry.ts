/**
 * Pixel size and frame time of a recording. What a person gives fills in what the header lacks; where both speak and
 * differ, the file is refused, because one of them would falsify every distance or every rate.
 */
import type { DataSet } from 'dicom-parser';
import { DomainError } from '../../ground/errors.ts';
import type { GivenGeometry } from '../given-geometry.ts';
import { limits } from '../limits.ts';
import { type RefusalReason, refuseUnlessForced } from '../refusal.ts';
import { statedFrameTime } from './frame-time.ts';
import { numbersOf, tags } from './header-values.ts';
import type { TissueRegion } from './ultrasound-regions.ts';

export interface GeometryRequest {
  readonly given: GivenGeometry;
  readonly forced: readonly RefusalReason[];
  readonly name: string;
}

/** Share by which a given value may differ from the header's. */
const SAME = 0.01;

function differs(a: number, b: number): boolean {
  return Math.abs(a - b) > SAME * Math.max(a, b);
}

function isPlausibleSpacing(spacingMm: readonly number[]): boolean {
  const [low, high] = limits.spacingMm;
  return spacingMm.length === 2 && spacingMm.every((size) => size >= low && size <= high);
}

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
  { given, forced, name }: GeometryRequest,
): readonly [number, number] {
  const stated = statedSpacing(header, tissue, screenFactor);
  const usable = stated !== undefined && isPlausibleSpacing(stated) ? stated : undefined;
  if (given.spacingMm === undefined) {
    if (usable !== undefined) return usable;
    throw new DomainError('DatasetInvalid', `${name}: ${missingSpacing(stated, tissue)}`);
  }
  if (!isPlausibleSpacing(given.spacingMm)) {
    throw new DomainError(
      'DatasetInvalid',
      `${name}: expected a pixel size of ${limits.spacingMm.join(' to ')} mm, found ${given.spacingMm.join(' x ')} mm given.`,
    );
  }
  if (usable?.some((size, axis) => differs(size, given.spacingMm![axis]!))) {
    refuseUnlessForced(
      'spacing-conflict',
      forced,
      name,
      `the pixel size given is ${given.spacingMm.join(' x ')} mm, the header states ${shown(usable)} mm (row x column). ` +
        'Give none to use that of the header.',
    );
    return given.spacingMm;
  }
  return usable ?? given.spacingMm;
}

function shown(sizes: readonly number[]): string {
  return sizes.map((size) => Number(size.toPrecision(5))).join(' x ');
}

function missingSpacing(stated: readonly number[] | undefined, tissue: TissueRegion | undefined): string {
  const remedy = 'Give the pixel size in mm when importing this file, or leave it out.';
  if (stated !== undefined) {
    return `expected a pixel size of ${limits.spacingMm.join(' to ')} mm, found ${shown(stated)} mm (row x column). ${remedy}`;
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
export function frameTime(header: DataSet, frames: number, { given, forced, name }: GeometryRequest): number {
  if (frames === 1) return 0;
  const { frameTimeMs: stated, source, implausible } = statedFrameTime(header);
  const [low, high] = limits.frameTimeMs;
  if (given.frameTimeMs === undefined) {
    if (stated !== undefined) return stated;
    const found = implausible.length === 0 ? 'none' : implausible.join(', ');
    throw new DomainError(
      'DatasetInvalid',
      `${name}: expected the time between its ${frames} frames (FrameTime, FrameTimeVector or a frame rate; ${low} to ${high} ms), found ${found}. ` +
        'Give the frame time in ms when importing this file, or leave it out.',
    );
  }
  if (!(given.frameTimeMs >= low && given.frameTimeMs <= high)) {
    throw new DomainError(
      'DatasetInvalid',
      `${name}: expected a frame time of ${low} to ${high} ms, found ${given.frameTimeMs} ms given.`,
    );
  }
  if (stated !== undefined && differs(stated, given.frameTimeMs)) {
    refuseUnlessForced(
      'frame-time-conflict',
      forced,
      name,
      `the frame time given is ${given.frameTimeMs} ms, the header states ${shown([stated])} ms (${source}). ` +
        'Give none to use that of the header.',
    );
    return given.frameTimeMs;
  }
  return stated ?? given.frameTimeMs;
}
