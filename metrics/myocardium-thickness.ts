/**
 * The thickness criterion of method.md 9.2: how many erosions split the myocardium, relative to its greatest depth. The
 * erosions work on runs (imaging/runs.ts). Small pieces are left out of the count and not of the next erosion, which
 * changes no later piece: a surviving pixel and its 3 x 3 neighbourhood lie in one piece, and what is left of a small
 * piece is small.
 */
import { type ComponentRuns, connectRuns } from '../imaging/components.ts';
import type { LabelFrame } from '../imaging/image.ts';
import { erodeRuns, RunList, type Runs } from '../imaging/runs.ts';
import { greatestDepth } from './greatest-depth.ts';

/** Pieces (8-connected) of a mask without its 4-connected pieces of fewer than `small` pixels. */
function piecesWithoutSmall(mask: Runs, rows: number, columns: number, small: number): number {
  const parts = connectRuns(mask, rows, columns, 4);
  let large = 0;
  for (let name = 1; name <= parts.components; name++) if (parts.sizes[name]! >= small) large++;
  // Only several large pieces can still touch at corners.
  if (large <= 1) return large;
  const kept = new RunList(parts.runs);
  for (let i = 0; i < parts.runs; i++) {
    if (parts.sizes[parts.label[i]!]! >= small) kept.add(parts.row[i]!, parts.start[i]!, parts.end[i]!);
  }
  return connectRuns(kept, rows, columns, 8).components;
}

/**
 * Erosions until the myocardium is no longer exactly one 8-connected piece, over its greatest Euclidean distance to
 * other pixels. 0 when it is in pieces from the start; NaN when absent, or when it fills the frame. `myo` are the
 * 8-connected components of the myocardium of `frame`; pieces under `small` pixels do not count after an erosion.
 */
export function erosionRatioBeforeSplit(frame: LabelFrame, myo: ComponentRuns, small: number): number {
  const { rows, columns } = frame;
  if (myo.components === 0) return Number.NaN;
  if (myo.components > 1) return 0;
  if (myo.sizes[1] === rows * columns) return Number.NaN;
  let erosions = 0;
  let left: Runs = myo;
  do {
    left = erodeRuns(left, rows, columns);
    erosions++;
  } while (piecesWithoutSmall(left, rows, columns, small) === 1);
  // What the last erosion but one left is at least this far from other labels.
  return erosions / greatestDepth(myo, rows, columns, erosions);
}
