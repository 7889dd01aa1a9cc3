/** A shape as labels on the grid of an image (method.md 4.4). */
import { BACKGROUND, LEFT_VENTRICLE, MYOCARDIUM } from '../../ground/labels.ts';
import type { Placement } from './placement.ts';
import { inSquare, type PixelGrid, type SquarePosition, valueAt } from './shape-square.ts';

/** Samples of a pixel along each axis: it gets the label that most of it has. */
const SAMPLES = 3;

export interface Drawing {
  /** [2, side, side]. */
  readonly shape: Float32Array;
  /** Left [along, across], then right. */
  readonly corners: Float64Array;
  readonly side: number;
}

/**
 * Labels of a frame, [rows, columns] written into `target`: each pixel has the one that most of its samples have, and
 * nothing lies below the base. A pixel far from every border is the same all over.
 */
export function drawFrame(drawing: Drawing, grid: PixelGrid, placement: Placement, target: Uint8Array): void {
  const { rows, columns, spacingMm } = grid;
  const pixelUnits = Math.hypot(...spacingMm) / placement.unitMm;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const middle = whatLies(drawing, inSquare(row, column, grid, placement));
      const crossed = middle.fromBorder < pixelUnits;
      target[row * columns + column] = crossed
        ? sampledLabel(drawing, row, column, grid, placement)
        : middle.label;
    }
  }
}

function sampledLabel(
  drawing: Drawing,
  row: number,
  column: number,
  grid: PixelGrid,
  placement: Placement,
): number {
  const counts = [0, 0, 0];
  for (let sample = 0; sample < SAMPLES * SAMPLES; sample++) {
    const down = (Math.floor(sample / SAMPLES) + 0.5) / SAMPLES - 0.5;
    const right = ((sample % SAMPLES) + 0.5) / SAMPLES - 0.5;
    counts[whatLies(drawing, inSquare(row + down, column + right, grid, placement)).label]!++;
  }
  const half = (SAMPLES * SAMPLES) / 2;
  if (counts[LEFT_VENTRICLE]! > half) return LEFT_VENTRICLE;
  return counts[LEFT_VENTRICLE]! + counts[MYOCARDIUM]! > half ? MYOCARDIUM : BACKGROUND;
}

interface WhatLies {
  readonly label: number;
  /** About how far the nearest border is, in units. */
  readonly fromBorder: number;
}

function whatLies({ shape, corners, side }: Drawing, position: SquarePosition): WhatLies {
  const [leftAlong, leftAcross, rightAlong, rightAcross] = corners as unknown as [
    number,
    number,
    number,
    number,
  ];
  const width = Math.hypot(rightAlong - leftAlong, rightAcross - leftAcross);
  const belowBase =
    ((position.along - leftAlong) * (rightAcross - leftAcross) -
      (position.across - leftAcross) * (rightAlong - leftAlong)) /
    width;
  const points = side * side;
  const fromVentricle = valueAt(shape.subarray(0, points), side, position);
  const fromEpicardium = valueAt(shape.subarray(points), side, position);
  const fromBorder = Math.min(Math.abs(belowBase), Math.abs(fromVentricle), Math.abs(fromEpicardium));
  if (belowBase >= 0) return { label: BACKGROUND, fromBorder };
  if (fromVentricle < 0) return { label: LEFT_VENTRICLE, fromBorder };
  return { label: fromEpicardium < 0 ? MYOCARDIUM : BACKGROUND, fromBorder };
}
