/**
 * Walls that are not seen: dark patches on the myocardium that drift from frame to frame, under labels that stay whole.
 */
import type { DropoutAugmentation } from '../../contracts/augmentation.ts';
import { MYOCARDIUM } from '../../ground/labels.ts';
import type { RandomStream } from '../../ground/random.ts';
import { around, between, type EffectStreams, whenDrawn } from './draws.ts';
import type { LabelledWindow } from './labelled-window.ts';

/**
 * An ellipse in pixels; the signal lost falls from `depth` in its middle as a Gaussian whose deviations are the radii.
 */
interface Patch {
  readonly row: number;
  readonly column: number;
  readonly radii: readonly [number, number];
  readonly turn: number;
  readonly depth: number;
  /** Pixels from one frame to the next. */
  readonly drift: readonly [number, number];
}

/** Beyond so many deviations nothing is lost that could be seen. */
const REACH = 3;

/** Changes grey levels in place. A window without a wall stays as it is. */
export function fadeWalls(window: LabelledWindow, config: DropoutAugmentation, streams: EffectStreams): void {
  const random = whenDrawn(config, streams, 'dropout');
  if (!random) return;
  const wall = wallPixels(window);
  if (wall.length === 0) return;
  const count = 1 + random.integer(config.largestCount);
  for (let i = 0; i < count; i++) fade(window, drawPatch(window, wall, config, random));
}

/** Pixels of a frame that are myocardium in the first one that has any. */
function wallPixels({ frames, rows, columns, labels }: LabelledWindow): number[] {
  const pixels = rows * columns;
  const found: number[] = [];
  for (let frame = 0; frame < frames && found.length === 0; frame++) {
    for (let i = 0; i < pixels; i++) if (labels[frame * pixels + i] === MYOCARDIUM) found.push(i);
  }
  return found;
}

function drawPatch(
  { columns, spacingMm }: LabelledWindow,
  wall: readonly number[],
  { radiusMm, depth, driftMmPerFrame }: DropoutAugmentation,
  random: RandomStream,
): Patch {
  const middle = wall[random.integer(wall.length)]!;
  const radius = () => between(radiusMm, random) / spacingMm;
  const drift = () => around(driftMmPerFrame, random) / spacingMm;
  return {
    row: Math.floor(middle / columns),
    column: middle % columns,
    radii: [radius(), radius()],
    turn: random.uniform() * Math.PI,
    depth: between(depth, random),
    drift: [drift(), drift()],
  };
}

function fade({ frames, rows, columns, image }: LabelledWindow, patch: Patch): void {
  const reach = REACH * Math.max(...patch.radii);
  const cosine = Math.cos(patch.turn);
  const sine = Math.sin(patch.turn);
  for (let t = 0; t < frames; t++) {
    const middleRow = patch.row + t * patch.drift[0];
    const middleColumn = patch.column + t * patch.drift[1];
    const [firstColumn, lastColumn] = within(middleColumn, reach, columns);
    const [firstRow, lastRow] = within(middleRow, reach, rows);
    for (let row = firstRow; row <= lastRow; row++) {
      for (let column = firstColumn; column <= lastColumn; column++) {
        const down = row - middleRow;
        const right = column - middleColumn;
        const distance =
          ((cosine * down + sine * right) / patch.radii[0]) ** 2 +
          ((cosine * right - sine * down) / patch.radii[1]) ** 2;
        if (distance > REACH * REACH) continue;
        image[(t * rows + row) * columns + column]! *= 1 - patch.depth * Math.exp(-0.5 * distance);
      }
    }
  }
}

function within(middle: number, reach: number, size: number): [first: number, last: number] {
  return [Math.max(0, Math.ceil(middle - reach)), Math.min(size - 1, Math.floor(middle + reach))];
}
