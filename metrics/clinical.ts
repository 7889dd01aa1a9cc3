/**
 * Clinical measures (method.md 9.5): end-diastole and end-systole, volumes by Simpson's method of discs, ejection
 * fraction, global longitudinal strain. What cannot be measured is undefined, never NaN.
 */
import { LEFT_VENTRICLE } from '../ground/labels.ts';
import { type LabelFrame, type LabelVideo, labelFrame } from '../imaging/image.ts';
import {
  baseMidpoint,
  distanceMm,
  endocardialContour,
  endocardialLengthMm,
  leftVentricleApex,
  leftVentricleBase,
} from './landmarks.ts';
import { framesWithoutVentricle } from './lost-ventricle.ts';
import { ventriclePixels } from './mitral-valve.ts';

const DISCS = 20;

/** The left ventricle as discs stacked along its long axis, from base to apex. */
export interface VentricleDiscs {
  readonly diametersMm: Float64Array;
  readonly lengthMm: number;
}

/**
 * Mean diameter of the left ventricle in each of 20 slices of equal height between the middle of the base and the apex.
 * A slice's diameter is its area over its height, so pixels count once and a ragged edge averages out; pixels below
 * the base belong to no slice. Undefined when base or apex cannot be found.
 */
export function ventricleDiscs(frame: LabelFrame): VentricleDiscs | undefined {
  const base = leftVentricleBase(frame);
  const apex = leftVentricleApex(frame);
  if (base === undefined || apex === undefined) return undefined;
  const middle = baseMidpoint(base);
  const lengthMm = distanceMm(apex, middle, frame.spacingMm);
  if (lengthMm === 0) return undefined;
  const [rowMm, columnMm] = frame.spacingMm;
  const alongRow = ((apex[0] - middle[0]) * rowMm) / lengthMm;
  const alongColumn = ((apex[1] - middle[1]) * columnMm) / lengthMm;
  const height = lengthMm / DISCS;
  const pixels = new Float64Array(DISCS);
  for (let r = 0; r < frame.rows; r++) {
    const fromRow = (r - middle[0]) * rowMm * alongRow;
    const offset = r * frame.columns;
    for (let c = 0; c < frame.columns; c++) {
      if (frame.labels[offset + c] !== LEFT_VENTRICLE) continue;
      const along = fromRow + (c - middle[1]) * columnMm * alongColumn;
      const disc = Math.floor(along / height);
      if (disc >= 0 && disc < DISCS) pixels[disc]!++;
    }
  }
  const diametersMm = pixels.map((count) => (count * rowMm * columnMm) / height);
  return { diametersMm, lengthMm };
}

/** Volume in ml of round discs, from one view. */
export function singlePlaneVolumeMl(discs: VentricleDiscs): number {
  return biplaneVolumeMl(discs, discs);
}

/** Volume in ml of elliptic discs, from two views at a right angle; the longer axis gives the height of the discs. */
export function biplaneVolumeMl(a4c: VentricleDiscs, a2c: VentricleDiscs): number {
  let squareMm = 0;
  for (let k = 0; k < DISCS; k++) squareMm += a4c.diametersMm[k]! * a2c.diametersMm[k]!;
  const height = Math.max(a4c.lengthMm, a2c.lengthMm) / DISCS;
  return (Math.PI / 4) * squareMm * height * 1e-3;
}

/** Share of the end-diastolic volume that is ejected; undefined when that volume is 0. */
export function ejectionFraction(endDiastolicMl: number, endSystolicMl: number): number | undefined {
  return endDiastolicMl > 0 ? (endDiastolicMl - endSystolicMl) / endDiastolicMl : undefined;
}

interface KeyFrames {
  readonly edFrame: number;
  readonly esFrame: number;
  /** Frames that are neither, rising: no ventricle was found in them. */
  readonly lostFrames: readonly number[];
}

/**
 * Frames with the largest and the smallest left ventricle, of those that have one; the first on ties, so one frame in a
 * video of one size, as is a still picture, and frame 0 where there is no ventricle at all.
 */
function keyFrames(video: LabelVideo): KeyFrames {
  const area = ventriclePixels(video);
  const lostFrames = framesWithoutVentricle(area);
  const lost = new Set(lostFrames);
  const found = Array.from(area.keys()).filter((frame) => !lost.has(frame));
  let edFrame = found[0] ?? 0;
  let esFrame = edFrame;
  for (const t of found) {
    if (area[t]! > area[edFrame]!) edFrame = t;
    if (area[t]! < area[esFrame]!) esFrame = t;
  }
  return { edFrame, esFrame, lostFrames };
}

/** Length in mm of the endocardium from base corner to base corner; undefined without base or contour. */
function endocardiumMm(frame: LabelFrame): number | undefined {
  const base = leftVentricleBase(frame);
  const contour = endocardialContour(frame);
  if (base === undefined || contour === undefined) return undefined;
  return endocardialLengthMm(contour, base, frame.spacingMm);
}

export interface ClinicalMeasures extends KeyFrames {
  /** Single plane. */
  readonly ejectionFraction: number | undefined;
  /** Relative change of the endocardial length from end-diastole to end-systole; negative when it shortens. */
  readonly gls: number | undefined;
}

/** True where end-diastole and end-systole can be told apart; otherwise nothing is known of what lies between them. */
export function showsBothPhases({ edFrame, esFrame }: Pick<KeyFrames, 'edFrame' | 'esFrame'>): boolean {
  return edFrame !== esFrame;
}

/** Clinical measures of one view. */
export function clinicalMeasures(video: LabelVideo): ClinicalMeasures {
  const found = keyFrames(video);
  const { edFrame, esFrame } = found;
  if (!showsBothPhases(found)) return { ...found, ejectionFraction: undefined, gls: undefined };
  const diastole = labelFrame(video, edFrame);
  const systole = labelFrame(video, esFrame);
  const edDiscs = ventricleDiscs(diastole);
  const esDiscs = ventricleDiscs(systole);
  const edLength = endocardiumMm(diastole);
  const esLength = endocardiumMm(systole);
  return {
    ...found,
    ejectionFraction:
      edDiscs && esDiscs && ejectionFraction(singlePlaneVolumeMl(edDiscs), singlePlaneVolumeMl(esDiscs)),
    gls: edLength && esLength !== undefined ? (esLength - edLength) / edLength : undefined,
  };
}

/**
 * Discs of one view at its end-diastole and end-systole; undefined where base or apex cannot be found, and at
 * end-systole where the view does not tell it from end-diastole.
 */
export interface KeyFrameDiscs {
  readonly ed: VentricleDiscs | undefined;
  readonly es: VentricleDiscs | undefined;
}

/** What the biplane ejection fraction needs of a view, without the video. */
export function keyFrameDiscs(video: LabelVideo): KeyFrameDiscs {
  const found = keyFrames(video);
  return {
    ed: ventricleDiscs(labelFrame(video, found.edFrame)),
    es: showsBothPhases(found) ? ventricleDiscs(labelFrame(video, found.esFrame)) : undefined,
  };
}

/**
 * Ejection fraction by Simpson's biplane method from the two apical views of one study, each at its own key frames.
 * Undefined when a view cannot be measured.
 */
export function biplaneEjectionFraction(a4c: KeyFrameDiscs, a2c: KeyFrameDiscs): number | undefined {
  if (!a4c.ed || !a4c.es || !a2c.ed || !a2c.es) return undefined;
  return ejectionFraction(biplaneVolumeMl(a4c.ed, a2c.ed), biplaneVolumeMl(a4c.es, a2c.es));
}
