/**
 * Rotation, magnification, stretch and shift of a window, the same in every frame: image between pixels, labels to the
 * nearest.
 */
import type { GeometryAugmentation } from '../../contracts/augmentation.ts';
import { BACKGROUND, UNKNOWN } from '../../ground/labels.ts';
import { around, type EffectStreams, factorUpTo } from './draws.ts';
import type { LabelledWindow } from './labelled-window.ts';

/**
 * Where the pixels of the changed window come from: a point p (row, column; mm from the middle) from R(-angle) (p -
 * shift) / scale.
 */
export interface PlaneTransform {
  /** Radians; positive turns the content from the row axis towards the column axis. */
  readonly angle: number;
  /** Magnification [row, column]. */
  readonly scale: readonly [number, number];
  readonly shiftMm: readonly [number, number];
}

export function drawTransform(
  config: GeometryAugmentation,
  streams: EffectStreams,
): PlaneTransform | undefined {
  const { rotationDegrees, scale, aspect, shiftMm } = config;
  if (rotationDegrees === 0 && scale === 1 && aspect === 1 && shiftMm === 0) return undefined;
  const random = streams('geometry');
  const angle = (around(rotationDegrees, random) * Math.PI) / 180;
  const size = factorUpTo(scale, random);
  const stretch = factorUpTo(aspect, random);
  return {
    angle,
    scale: [size * stretch, size / stretch],
    shiftMm: [around(shiftMm, random), around(shiftMm, random)],
  };
}

/** The point of the unchanged window that is seen at `point` of the changed one; row, column in mm from the middle. */
export function sourcePoint(
  { angle, scale, shiftMm }: PlaneTransform,
  [row, column]: readonly [number, number],
): [number, number] {
  const cosine = Math.cos(angle);
  const sine = Math.sin(angle);
  const r = row - shiftMm[0];
  const c = column - shiftMm[1];
  return [(cosine * r + sine * c) / scale[0], (cosine * c - sine * r) / scale[1]];
}

/**
 * The window seen through the transform, on its own grid; what lies outside of the old one is black background, unknown
 * in frames in which nobody drew a background.
 */
export function transformed(window: LabelledWindow, transform: PlaneTransform): LabelledWindow {
  const { frames, rows, columns, spacingMm } = window;
  const pixels = rows * columns;
  const image = new Float32Array(window.image.length);
  const labels = withoutContent(window);
  const middleRow = (rows - 1) / 2;
  const middleColumn = (columns - 1) / 2;
  // The transform is affine: one step along a row is the same everywhere.
  const at = (row: number, column: number): [number, number] => {
    const [r, c] = sourcePoint(transform, [
      (row - middleRow) * spacingMm,
      (column - middleColumn) * spacingMm,
    ]);
    return [r / spacingMm + middleRow, c / spacingMm + middleColumn];
  };
  const first = at(0, 0);
  const nextColumn = at(0, 1);
  const step = [nextColumn[0] - first[0], nextColumn[1] - first[1]] as const;
  for (let row = 0; row < rows; row++) {
    const start = at(row, 0);
    for (let column = 0; column < columns; column++) {
      const r = snapped(start[0] + column * step[0]);
      const c = snapped(start[1] + column * step[1]);
      if (r < 0 || c < 0 || r > rows - 1 || c > columns - 1) continue;
      const { upper, lower, right, downShare, rightShare } = neighbours(r, c, rows, columns);
      const nearest = Math.round(r) * columns + Math.round(c);
      const target = row * columns + column;
      for (let offset = 0; offset < frames * pixels; offset += pixels) {
        const source = window.image;
        const top = source[offset + upper]! * (1 - rightShare) + source[offset + upper + right]! * rightShare;
        const bottom =
          source[offset + lower]! * (1 - rightShare) + source[offset + lower + right]! * rightShare;
        image[offset + target] = top * (1 - downShare) + bottom * downShare;
        labels[offset + target] = window.labels[offset + nearest]!;
      }
    }
  }
  return { ...window, image, labels };
}

/** Labels of the window's frames where nothing of the heart is seen. */
function withoutContent({ frames, rows, columns, labels }: LabelledWindow): Int32Array {
  const pixels = rows * columns;
  const empty = new Int32Array(labels.length);
  for (let start = 0; start < frames * pixels; start += pixels) {
    const knowsBackground = labels.subarray(start, start + pixels).includes(BACKGROUND);
    empty.fill(knowsBackground ? BACKGROUND : UNKNOWN, start, start + pixels);
  }
  return empty;
}

/**
 * The four pixels around a point: offsets of the left ones, the step to the right ones, and the shares of the further.
 */
function neighbours(row: number, column: number, rows: number, columns: number) {
  const above = Math.floor(row);
  const left = Math.floor(column);
  const upper = above * columns + left;
  return {
    upper,
    lower: above + 1 < rows ? upper + columns : upper,
    right: left + 1 < columns ? 1 : 0,
    downShare: row - above,
    rightShare: column - left,
  };
}

/** Rounding must not push a pixel that falls on another one off it, at the edge off the window. */
function snapped(position: number): number {
  const whole = Math.round(position);
  return Math.abs(position - whole) < 1e-9 ? whole : position;
}
