/**
 * Anatomical validity (method.md 9.2): ten criteria per frame; a video is valid when every frame passes all of them.
 * Every mask has a verdict, degenerate ones included; a measure that cannot be taken is NaN here and invalid.
 */

import { CLASS_COUNT, LEFT_VENTRICLE, MYOCARDIUM } from '../ground/labels.ts';
import { type ComponentRuns, connectRuns, largestLabel } from '../imaging/components.ts';
import { type LabelFrame, type LabelVideo, labelFrame } from '../imaging/image.ts';
import {
  complementRuns,
  countPixels,
  countShared,
  erodeRuns,
  type Runs,
  runsByValue,
} from '../imaging/runs.ts';
import { type AnatomicalCriterionName, anatomicalCriterionNames } from './evaluation.ts';
import { cropToForeground } from './foreground-crop.ts';
import { erosionRatioBeforeSplit } from './myocardium-thickness.ts';

/** Limits, both ends included. Criteria without a limit must be 0. */
const WIDTH_RATIO_MOST = 4.15;
const THICKNESS_LEAST = 0.12;
const FRONTIER_LEAST = 0.05;
const FRONTIER_MOST = 1.5;

/** What the criteria measure, in pixels or as ratios. */
export interface AnatomicalCriteria {
  readonly lvPresent: boolean;
  readonly holesInLv: number;
  readonly disconnectedLv: number;
  readonly disconnectedMyo: number;
  readonly holesInEpicardium: number;
  /** 0 when at most rows * columns / 2^14 pixels. */
  readonly gapBetweenLvAndMyo: number;
  /** NaN when a structure is missing on the row. */
  readonly lvToMyoWidthRatio: number;
  /** NaN without myocardium, or when myocardium fills the frame so that nothing erodes it. */
  readonly myoThickness: number;
  /** Both frontier criteria read it. */
  readonly lvBackgroundFrontier: number;
}

/** Pixels of components that do not reach the edge of the image. */
function enclosedPixels(complement: ComponentRuns): number {
  let pixels = 0;
  for (let name = 1; name <= complement.components; name++) {
    if (complement.touchesBorder[name] === 0) pixels += complement.sizes[name]!;
  }
  return pixels;
}

function pixelsBesidesLargest(found: ComponentRuns): number {
  let pixels = 0;
  for (let name = 1; name <= found.components; name++) pixels += found.sizes[name]!;
  return pixels - found.sizes[largestLabel(found)]!;
}

/**
 * Background pixels enclosed by left ventricle and myocardium together but by neither alone: the enclosed background
 * components (4-connected) that touch both. One that touches a single structure is a hole of that structure.
 */
function gapPixels(frame: LabelFrame, background: Runs): number {
  const { labels, rows, columns } = frame;
  const found = connectRuns(background, rows, columns, 4);
  let enclosed = false;
  for (let name = 1; name <= found.components; name++) enclosed ||= found.touchesBorder[name] === 0;
  if (!enclosed) return 0;
  const touched = new Uint8Array(found.components + 1);
  for (let i = 0; i < found.runs; i++) {
    const name = found.label[i]!;
    if (found.touchesBorder[name] === 1) continue;
    const offset = found.row[i]! * columns;
    const start = offset + found.start[i]!;
    const end = offset + found.end[i]!;
    let seen = (1 << labels[start - 1]!) | (1 << labels[end]!);
    for (let p = start; p < end; p++) seen |= (1 << labels[p - columns]!) | (1 << labels[p + columns]!);
    touched[name]! |= seen;
  }
  const both = (1 << LEFT_VENTRICLE) | (1 << MYOCARDIUM);
  let pixels = 0;
  for (let name = 1; name <= found.components; name++) {
    if (found.touchesBorder[name] === 0 && (touched[name]! & both) === both) pixels += found.sizes[name]!;
  }
  return pixels;
}

/** Pixels of a mask in one row. */
function pixelsInRow(mask: Runs, row: number): number {
  let pixels = 0;
  for (let i = 0; i < mask.runs; i++) if (mask.row[i] === row) pixels += mask.end[i]! - mask.start[i]!;
  return pixels;
}

/** Pixel count of the left ventricle over that of the myocardium on the row of their joint centre of mass. */
function widthRatio(ventricle: Runs, myocardium: Runs): number {
  let count = 0;
  let rowSum = 0;
  for (const { runs, row, start, end } of [ventricle, myocardium]) {
    for (let i = 0; i < runs; i++) {
      count += end[i]! - start[i]!;
      rowSum += (end[i]! - start[i]!) * row[i]!;
    }
  }
  if (count === 0) return Number.NaN;
  const row = Math.floor(rowSum / count);
  const lv = pixelsInRow(ventricle, row);
  const myo = pixelsInRow(myocardium, row);
  return lv > 0 && myo > 0 ? lv / myo : Number.NaN;
}

/** Left ventricle pixels with background among their eight neighbours, over the width of the bounding box. */
function frontierRatio(ventricle: Runs, background: Runs, rows: number, columns: number): number {
  // An erosion of the foreground takes away the pixels with background among their neighbours.
  const inner = erodeRuns(complementRuns(background, rows, columns), rows, columns);
  const touching = countPixels(ventricle) - countShared(ventricle, inner);
  if (touching <= 1) return 0;
  let left = columns;
  let right = 0;
  for (let i = 0; i < ventricle.runs; i++) {
    left = Math.min(left, ventricle.start[i]!);
    right = Math.max(right, ventricle.end[i]!);
  }
  return touching / (right - left);
}

/** All measures of a frame. */
export function anatomicalCriteria(whole: LabelFrame): AnatomicalCriteria {
  const small = (whole.rows * whole.columns) / 2 ** 14;
  // No measure depends on where the structures lie or on the background beyond a margin of one pixel.
  const frame = cropToForeground(whole);
  const { rows, columns } = frame;
  const [background, ventricle, myocardium] = runsByValue(frame.labels, rows, columns, CLASS_COUNT) as [
    Runs,
    Runs,
    Runs,
  ];
  const components8 = (mask: Runs) => connectRuns(mask, rows, columns, 8);
  const lv = components8(ventricle);
  const myo = components8(myocardium);
  const gap = gapPixels(frame, background);
  return {
    lvPresent: lv.components > 0,
    holesInLv: enclosedPixels(components8(complementRuns(ventricle, rows, columns))),
    disconnectedLv: pixelsBesidesLargest(lv),
    disconnectedMyo: pixelsBesidesLargest(myo),
    holesInEpicardium: enclosedPixels(components8(background)),
    gapBetweenLvAndMyo: gap > small ? gap : 0,
    lvToMyoWidthRatio: widthRatio(ventricle, myocardium),
    myoThickness: erosionRatioBeforeSplit(frame, myo, small),
    lvBackgroundFrontier: frontierRatio(ventricle, background, rows, columns),
  };
}

/** Names of the criteria that the measures fail, in the order of method.md; empty for a valid frame. */
export function failedCriteria(measured: AnatomicalCriteria): AnatomicalCriterionName[] {
  const passes: Record<AnatomicalCriterionName, boolean> = {
    lvPresent: measured.lvPresent,
    holesInLv: measured.holesInLv === 0,
    disconnectedLv: measured.disconnectedLv === 0,
    disconnectedMyo: measured.disconnectedMyo === 0,
    holesInEpicardium: measured.holesInEpicardium === 0,
    gapBetweenLvAndMyo: measured.gapBetweenLvAndMyo === 0,
    // Written so that NaN fails.
    lvToMyoWidthRatio: measured.lvToMyoWidthRatio <= WIDTH_RATIO_MOST,
    myoThickness: measured.myoThickness >= THICKNESS_LEAST,
    lvBackgroundFrontierTooSmall: measured.lvBackgroundFrontier >= FRONTIER_LEAST,
    lvBackgroundFrontierTooLarge: measured.lvBackgroundFrontier <= FRONTIER_MOST,
  };
  return anatomicalCriterionNames.filter((name) => !passes[name]);
}

/** True when the frame passes all ten criteria. */
export function isFrameAnatomicallyValid(frame: LabelFrame): boolean {
  return failedCriteria(anatomicalCriteria(frame)).length === 0;
}

export interface AnatomicalValidity {
  readonly valid: boolean;
  /** Ascending. */
  readonly invalidFrames: number[];
  /** The first criterion that fails, by frame. */
  readonly failures: Record<string, AnatomicalCriterionName>;
}

/** Verdict on every frame of a segmentation. */
export function anatomicalValidity(video: LabelVideo): AnatomicalValidity {
  const invalidFrames: number[] = [];
  const failures: Record<string, AnatomicalCriterionName> = {};
  for (let t = 0; t < video.frames; t++) {
    const [failed] = failedCriteria(anatomicalCriteria(labelFrame(video, t)));
    if (failed === undefined) continue;
    invalidFrames.push(t);
    failures[t] = failed;
  }
  return { valid: invalidFrames.length === 0, invalidFrames, failures };
}
