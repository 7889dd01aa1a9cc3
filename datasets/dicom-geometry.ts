/**
 * Pixel size and frame time from a DICOM header. Nothing else of the header is read here, so nothing else can leak.
 *
 * Ultrasound regions state millimetres through a rectangle on the screen. When a recording was stored smaller than the
 * screen, some scanners leave rectangle and pixel size as they were on the screen. A rectangle that does not fit into the stored
 * picture gives this away: with a screen k times as large, coordinates are divided and pixel sizes multiplied by k.
 */
import type { DataSet } from 'dicom-parser';
import { DomainError } from '../ground/errors.ts';

/** A rectangle in stored pixels, ends included. */
export interface PixelBox {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

export interface UltrasoundRegion {
  readonly box: PixelBox;
  readonly spacingMm: readonly [number, number];
}

const UNITS_CENTIMETRES = 3;
const FORMAT_2D = 1;
const TYPE_TISSUE = 1;

/**
 * How many times the screen was larger than the stored picture, from the far corner of a region.
 * @throws DatasetInvalid when it is neither 1 nor clearly a whole number from 2 to 4
 */
function screenFactor(right: number, bottom: number, rows: number, columns: number, name: string): number {
  const excess = Math.max(right / columns, bottom / rows);
  // Some scanners count the end of a region one or a few pixels past the picture.
  if (excess <= 1.1) return 1;
  const factor = Math.ceil(excess);
  // Just over a picture's size could as well be a screen of 1.25 or 1.5 times; guessing would falsify every distance.
  if (excess < 1.4 || factor > 4) {
    throw new DomainError(
      'DatasetInvalid',
      `${name}: expected the ultrasound region to lie in the picture of ${rows} x ${columns} pixels, found its corner at row ${bottom}, ` +
        `column ${right}. Give the pixel size in mm when importing this file.`,
    );
  }
  return factor;
}

/** The calibrated 2D region, tissue first, then the largest; undefined when there is none. */
export function ultrasoundRegion(
  header: DataSet,
  rows: number,
  columns: number,
  name: string,
): UltrasoundRegion | undefined {
  let best: { rank: number; region: UltrasoundRegion } | undefined;
  for (const item of header.elements.x00186011?.items ?? []) {
    const region = item.dataSet;
    if (region === undefined) continue;
    const inCentimetres =
      region.uint16('x00186024') === UNITS_CENTIMETRES && region.uint16('x00186026') === UNITS_CENTIMETRES;
    const perColumn = Math.abs(region.double('x0018602c') ?? 0) * 10;
    const perRow = Math.abs(region.double('x0018602e') ?? 0) * 10;
    const isPlane = (region.uint16('x00186012') ?? FORMAT_2D) === FORMAT_2D;
    if (!inCentimetres || !isPlane || !(perRow > 0) || !(perColumn > 0)) continue;
    const left = region.uint32('x00186018') ?? 0;
    const top = region.uint32('x0018601a') ?? 0;
    const right = region.uint32('x0018601c') ?? columns - 1;
    const bottom = region.uint32('x0018601e') ?? rows - 1;
    const k = screenFactor(right, bottom, rows, columns, name);
    const rank = (region.uint16('x00186014') === TYPE_TISSUE ? 1e12 : 0) + (right - left) * (bottom - top);
    if (best !== undefined && best.rank >= rank) continue;
    best = {
      rank,
      region: {
        box: {
          top: Math.max(0, Math.floor(top / k)),
          bottom: Math.min(rows - 1, Math.ceil(bottom / k)),
          left: Math.max(0, Math.floor(left / k)),
          right: Math.min(columns - 1, Math.ceil(right / k)),
        },
        spacingMm: [perRow * k, perColumn * k],
      },
    };
  }
  return best?.region;
}

/** PixelSpacing [row, column] in mm, which some exporters write instead of regions. */
export function pixelSpacing(header: DataSet): readonly [number, number] | undefined {
  const row = header.floatString('x00280030', 0);
  const column = header.floatString('x00280030', 1);
  return row !== undefined && column !== undefined ? [row, column] : undefined;
}

/** Milliseconds between frames: FrameTime, the mean of FrameTimeVector, or a frame rate. Undefined when none is usable. */
export function frameTime(header: DataSet): number | undefined {
  const usable = (value: number | undefined) => value !== undefined && Number.isFinite(value) && value > 0;
  const stated = header.floatString('x00181063');
  if (usable(stated)) return stated;
  const steps: number[] = [];
  for (let i = 0; i < (header.numStringValues('x00181065') ?? 0); i++) {
    const step = header.floatString('x00181065', i);
    if (usable(step)) steps.push(step!);
  }
  if (steps.length > 0) return steps.reduce((sum, step) => sum + step, 0) / steps.length;
  for (const rateTag of ['x00082144', 'x00180040']) {
    const rate = header.floatString(rateTag);
    if (usable(rate)) return 1000 / rate!;
  }
  return undefined;
}
