/**
 * What a picture of a heart looks like in numbers: grey levels and speckle of wall and cavity, on the grid that
 * policies see, so that phantoms can be laid beside recordings. Where no wall is labelled, a ring around the
 * ventricle stands for it.
 */
import { LEFT_VENTRICLE, MYOCARDIUM } from '../../ground/labels.ts';
import type { GreyVideo, LabelVideo } from '../../imaging/image.ts';
import { resampleGrey, resampleLabels } from '../../imaging/resample.ts';

const GRID_MM = 1.3;
/**
 * Cavity is what lies so far from its border, which is blurred; a wall is thin, so it keeps more. In pixels of the
 * grid.
 */
const CAVITY_MARGIN = 3;
const WALL_MARGIN = 1;
const RING = 5;
/** Half width of the mean that is taken off before speckle is correlated. */
const MEAN_HALF_WIDTH = 4;
/** Decibels over which grey levels are taken to run, to get back from them to the envelope. */
const ASSUMED_RANGE_DB = 50;

export interface RegionAppearance {
  /** Grey levels as shares of the video's brightest. */
  readonly mean: number;
  readonly deviation: number;
  readonly percentiles: readonly [p5: number, p50: number, p95: number];
  /** Mean over deviation of the envelope, if grey levels ran over 50 dB; 1.91 for fully developed speckle. */
  readonly envelopeSnr: number;
  /** Correlation of speckle with the next pixel (1.3 mm) along rows and columns, [down, across]. */
  readonly correlation: readonly [down: number, across: number];
}

export interface Appearance {
  readonly wall: RegionAppearance;
  readonly cavity: RegionAppearance;
  /** Mean of the wall less that of the cavity. */
  readonly contrast: number;
}

/** Of the frames given, which are labelled; undefined where wall or cavity are too small to tell. Values in [0, 1]. */
export function appearanceOf(
  image: GreyVideo,
  labels: LabelVideo,
  frames: readonly number[],
): Appearance | undefined {
  const grey = resampleGrey(image, GRID_MM);
  const truth = resampleLabels(labels, GRID_MM);
  const brightest = grey.intensities.reduce((most, value) => Math.max(most, value), 0);
  const pixels = grey.rows * grey.columns;
  const cavity = new RegionSum();
  const wall = new RegionSum();
  for (const t of frames) {
    const plane = {
      rows: grey.rows,
      columns: grey.columns,
      grey: grey.intensities.subarray(t * pixels, (t + 1) * pixels).map((value) => value / brightest),
    };
    const { inCavity, inWall } = regionsOf(truth.labels.subarray(t * pixels, (t + 1) * pixels), grey.columns);
    cavity.add(plane, inCavity);
    wall.add(plane, inWall);
  }
  if (cavity.count < 100 || wall.count < 100) return undefined;
  const found = { wall: wall.appearance(), cavity: cavity.appearance() };
  return { ...found, contrast: found.wall.mean - found.cavity.mean };
}

/** Masks of one frame's labels, away from borders. */
function regionsOf(labels: Uint8Array, columns: number): { inCavity: Uint8Array; inWall: Uint8Array } {
  const distant = (i: number, margin: number, holds: (label: number) => boolean): boolean => {
    for (let y = -margin; y <= margin; y++) {
      for (let x = -margin; x <= margin; x++) {
        if (x * x + y * y <= margin * margin && !holds(labels[i + y * columns + x] ?? 0)) return false;
      }
    }
    return true;
  };
  const cavity = (label: number) => label === LEFT_VENTRICLE;
  const notCavity = (label: number) => label !== LEFT_VENTRICLE;
  const first = Math.floor(labels.indexOf(LEFT_VENTRICLE) / columns);
  const last = Math.floor(labels.lastIndexOf(LEFT_VENTRICLE) / columns);
  // Below lies the valve, where a ring would be atrium.
  const lowest = first + 0.8 * (last - first);
  const labelled = labels.includes(MYOCARDIUM);
  const isWall = (i: number): boolean =>
    labelled
      ? distant(i, WALL_MARGIN, (label) => label === MYOCARDIUM)
      : i / columns < lowest && !distant(i, RING, notCavity) && distant(i, WALL_MARGIN, notCavity);
  return {
    inCavity: Uint8Array.from(labels, (_, i) => Number(distant(i, CAVITY_MARGIN, cavity))),
    inWall: Uint8Array.from(labels, (_, i) => Number(isWall(i))),
  };
}

interface Plane {
  readonly rows: number;
  readonly columns: number;
  readonly grey: Float32Array;
}

/**
 * Grey level of a pixel less the mean of the pixels around it that are of its region; the edge beside a thin wall is
 * no speckle.
 */
function residual({ rows, columns, grey }: Plane, mask: Uint8Array, pixel: number): number {
  const [row, column] = [Math.floor(pixel / columns), pixel % columns];
  let sum = 0;
  let count = 0;
  for (let r = Math.max(0, row - MEAN_HALF_WIDTH); r <= Math.min(rows - 1, row + MEAN_HALF_WIDTH); r++) {
    const last = Math.min(columns - 1, column + MEAN_HALF_WIDTH);
    for (let c = Math.max(0, column - MEAN_HALF_WIDTH); c <= last; c++) {
      const weight = mask[r * columns + c]!;
      sum += weight * grey[r * columns + c]!;
      count += weight;
    }
  }
  return grey[pixel]! - sum / count;
}

/** What is gathered of one region over frames. */
class RegionSum {
  readonly #values: number[] = [];
  /** Products and powers of neighbours: down, across. */
  readonly #products: [number, number] = [0, 0];
  readonly #powers: [number, number] = [0, 0];

  get count(): number {
    return this.#values.length;
  }

  add(plane: Plane, mask: Uint8Array): void {
    const speckle = Float32Array.from(mask, (inside, i) => (inside ? residual(plane, mask, i) : 0));
    for (let i = 0; i < mask.length; i++) {
      if (!mask[i]) continue;
      this.#values.push(plane.grey[i]!);
      for (const [axis, step] of [plane.columns, 1].entries()) {
        if (!mask[i + step]) continue;
        this.#products[axis]! += speckle[i]! * speckle[i + step]!;
        this.#powers[axis]! += (speckle[i]! ** 2 + speckle[i + step]! ** 2) / 2;
      }
    }
  }

  appearance(): RegionAppearance {
    const sorted = [...this.#values].sort((a, b) => a - b);
    const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]!;
    const grey = meanAndDeviation(sorted);
    const envelope = meanAndDeviation(sorted.map((value) => 10 ** ((ASSUMED_RANGE_DB * (value - 1)) / 20)));
    return {
      mean: grey.mean,
      deviation: grey.deviation,
      percentiles: [at(0.05), at(0.5), at(0.95)],
      envelopeSnr: envelope.mean / envelope.deviation,
      correlation: [this.#products[0] / this.#powers[0], this.#products[1] / this.#powers[1]],
    };
  }
}

function meanAndDeviation(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(square) };
}
