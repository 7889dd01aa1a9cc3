/**
 * Mistakes that hearts are really segmented with, made on purpose in a good segmentation (method.md 4.3): a base too
 * high, too low or tilted, a piece of wall gone, the mask of another moment. What a policy makes of a spoilt picture is
 * ragged and wrong everywhere; these are smooth, in one place, and last a while.
 */
import { BACKGROUND, LEFT_VENTRICLE, MYOCARDIUM } from '../../ground/labels.ts';
import type { RandomStream } from '../../ground/random.ts';
import { geometryOf, type LabelFrame, type LabelVideo, labelFrame } from '../../imaging/image.ts';
import {
  baseCorners,
  baseMidpoint,
  centreOfVentricle,
  leftVentricleApex,
  type Point,
} from '../../metrics/landmarks.ts';

const BASE_SHIFT_MM = [4, 12] as const;
const BASE_TILT_DEGREES = [5, 20] as const;
const GAP_DEGREES = [20, 60] as const;
/** Of the frames of a video that one mistake lasts. */
const SHARE_OF_FRAMES = [0.15, 0.6] as const;
/** From a frame to that whose mask it is given, as a share of the video's frames. */
const OTHER_MOMENT = [0.15, 0.5] as const;
/** From the apex to the base: above this share of the way nothing moves with the base. */
const STILL_SHARE = 0.5;

/** Frames from the first to before the last, of one mistake. */
interface Stretch {
  readonly from: number;
  readonly to: number;
}

type Mistake = (truth: LabelVideo, stretch: Stretch, random: RandomStream) => Uint8Array;

const mistakes: readonly Mistake[] = [moveBase, openWall, takeOtherMoment];

/** The segmentation with one mistake, drawn at random; where a heart has no landmarks, it may be as it was. */
export function degradeStructure(truth: LabelVideo, random: RandomStream): LabelVideo {
  const mistake = mistakes[random.integer(mistakes.length)]!;
  const length = Math.max(1, Math.round(between(SHARE_OF_FRAMES, random) * truth.frames));
  const from = random.integer(truth.frames - length + 1);
  return { ...geometryOf(truth), labels: mistake(truth, { from, to: from + length }, random) };
}

/** The heart is stretched or shortened towards its base, more on one side than on the other. */
function moveBase(truth: LabelVideo, { from, to }: Stretch, random: RandomStream): Uint8Array {
  const shiftMm = between(BASE_SHIFT_MM, random) * sign(random);
  const slope = Math.tan((between(BASE_TILT_DEGREES, random) * sign(random) * Math.PI) / 180);
  const bases = baseCorners(truth);
  return changed(truth, { from, to }, (frame, t) => {
    const base = bases[t];
    const apex = leftVentricleApex(frame);
    if (!base || !apex) return undefined;
    const { alongMm, acrossMm, at, lengthMm } = axisOf(frame, apex, baseMidpoint(base));
    const still = STILL_SHARE * lengthMm;
    return (row, column) => {
      const along = alongMm(row, column);
      const across = acrossMm(row, column);
      const baseAt = Math.max(lengthMm + shiftMm + slope * across, still + 1);
      if (along <= still) return frame.labels[row * frame.columns + column]!;
      return labelAt(frame, at(still + ((along - still) * (lengthMm - still)) / (baseAt - still), across));
    };
  });
}

/** A piece of the wall is background, or the ventricle reaches through it. */
function openWall(truth: LabelVideo, stretch: Stretch, random: RandomStream): Uint8Array {
  const middle = (2 * random.uniform() - 1) * Math.PI;
  const half = (between(GAP_DEGREES, random) * Math.PI) / 360;
  const inside = random.uniform() < 0.5 ? BACKGROUND : LEFT_VENTRICLE;
  return changed(truth, stretch, (frame) => {
    if (!frame.labels.includes(LEFT_VENTRICLE)) return undefined;
    const centre = centreOfVentricle(frame);
    const [rowMm, columnMm] = frame.spacingMm;
    return (row, column) => {
      const label = frame.labels[row * frame.columns + column]!;
      if (label !== MYOCARDIUM) return label;
      const angle = Math.atan2((row - centre[0]) * rowMm, (column - centre[1]) * columnMm) - middle;
      return Math.cos(angle) > Math.cos(half) ? inside : label;
    };
  });
}

/** Frames have the masks of others, whose heart is at another moment of its beat. */
function takeOtherMoment(truth: LabelVideo, { from, to }: Stretch, random: RandomStream): Uint8Array {
  const away = Math.max(1, Math.round(between(OTHER_MOMENT, random) * truth.frames)) * sign(random);
  const labels = truth.labels.slice();
  const pixels = truth.rows * truth.columns;
  for (let t = from; t < to; t++) {
    const other = (t + away + 2 * truth.frames) % truth.frames;
    labels.set(truth.labels.subarray(other * pixels, (other + 1) * pixels), t * pixels);
  }
  return labels;
}

/** Gives the label of a pixel of a frame. */
type Relabel = (row: number, column: number) => number;

/** The labels with the frames of the stretch made anew; those that nothing is given for stay. */
function changed(
  truth: LabelVideo,
  { from, to }: Stretch,
  relabelOf: (frame: LabelFrame, t: number) => Relabel | undefined,
): Uint8Array {
  const labels = truth.labels.slice();
  for (let t = from; t < to; t++) {
    const relabel = relabelOf(labelFrame(truth, t), t);
    if (!relabel) continue;
    let i = t * truth.rows * truth.columns;
    for (let row = 0; row < truth.rows; row++)
      for (let column = 0; column < truth.columns; column++) labels[i++] = relabel(row, column);
  }
  return labels;
}

/** Places in mm along the axis of the ventricle, from its apex, and across it, to its base's right. */
function axisOf({ spacingMm: [rowMm, columnMm] }: LabelFrame, apex: Point, base: Point) {
  const [down, right] = [(base[0] - apex[0]) * rowMm, (base[1] - apex[1]) * columnMm];
  const lengthMm = Math.hypot(down, right);
  const [u, v] = [down / lengthMm, right / lengthMm];
  const from = (row: number, column: number) =>
    [(row - apex[0]) * rowMm, (column - apex[1]) * columnMm] as const;
  return {
    lengthMm,
    alongMm: (row: number, column: number) => {
      const [y, x] = from(row, column);
      return y * u + x * v;
    },
    acrossMm: (row: number, column: number) => {
      const [y, x] = from(row, column);
      return x * u - y * v;
    },
    at: (along: number, across: number): Point => [
      apex[0] + (along * u - across * v) / rowMm,
      apex[1] + (along * v + across * u) / columnMm,
    ],
  };
}

/** Of the nearest pixel; background beyond the edge. */
function labelAt({ labels, rows, columns }: LabelFrame, [row, column]: Point): number {
  const [r, c] = [Math.round(row), Math.round(column)];
  return r < 0 || c < 0 || r >= rows || c >= columns ? BACKGROUND : labels[r * columns + c]!;
}

function between([least, most]: readonly [number, number], random: RandomStream): number {
  return least + (most - least) * random.uniform();
}

function sign(random: RandomStream): 1 | -1 {
  return random.uniform() < 0.5 ? -1 : 1;
}
