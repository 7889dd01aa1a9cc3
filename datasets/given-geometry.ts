/**
 * Pixel size and frame time from a person or an info file fill what a header lacks or cannot mean; they never replace
 * in silence what a header says.
 */
import { DomainError } from '../ground/errors.ts';
import { checkSpacing, isPlausibleFrameTime, limits } from './limits.ts';

export interface GivenGeometry {
  /** Millimetres per stored pixel as [row, column]. */
  readonly spacingMm?: readonly [number, number];
  readonly frameTimeMs?: number;
}

/** Share by which a given value may differ from the header's without a word. */
const SAME = 0.01;

function differs(a: number, b: number): boolean {
  return Math.abs(a - b) > SAME * Math.max(a, b);
}

/** What a format without a pixel size needs. @throws DatasetInvalid when none was given */
export function givenSpacing(
  { spacingMm }: GivenGeometry,
  name: string,
  format: string,
): readonly [number, number] {
  if (spacingMm !== undefined) {
    checkSpacing(spacingMm, name);
    return spacingMm;
  }
  throw new DomainError(
    'DatasetInvalid',
    `${name}: expected a pixel size, found a file of a format that has none (${format}). Give it in mm with --spacing-mm.`,
  );
}

/** The header's pixel size where it can be one, else the given one; a contradiction is noted. */
export function fillSpacing(
  stated: readonly [number, number],
  { spacingMm }: GivenGeometry,
  notes: string[],
): readonly [number, number] {
  const [low, high] = limits.spacingMm;
  const isUsable = stated.every((size) => size >= low && size <= high);
  if (spacingMm === undefined) return stated;
  if (!isUsable) return spacingMm;
  if (stated.some((size, axis) => differs(size, spacingMm[axis]!))) {
    notes.push(
      `the pixel size that was given, ${spacingMm.join(' x ')} mm, was not used: the file states ${stated.join(' x ')} mm`,
    );
  }
  return stated;
}

/**
 * The same for the time between frames; what is too long to be one (slices of a volume, seconds for milliseconds)
 * gives way.
 */
export function fillFrameTime(
  stated: number,
  frames: number,
  { frameTimeMs }: GivenGeometry,
  notes: string[],
): number {
  if (frameTimeMs === undefined) return stated;
  if (frames === 1 || !isPlausibleFrameTime(stated)) return frameTimeMs;
  if (differs(stated, frameTimeMs)) {
    notes.push(
      `the frame time that was given, ${frameTimeMs} ms, was not used: the file states ${stated} ms`,
    );
  }
  return stated;
}
