/**
 * Draws the frames of a phantom: what each place sends back, times speckle that moves with the tissue, plus clutter
 * that stays where it is and noise that changes, seen through attenuation, shadows, log compression and the scanner's
 * sector.
 */

import type { RandomStream } from '../../ground/random.ts';
import type { Acquisition } from './acquisition.ts';
import { type Heart, type HeartShape, shapeAt } from './heart.ts';
import { decoyLevels, LOSS_BINS, lateralLoss, shadowLoss, valveLossDb } from './losses.ts';
import { type HeartPoint, locate, type Placement, placementAt } from './placement.ts';
import { drawSpeckle, SPECKLE_ANGLES, SPECKLE_DEPTHS, type SpeckleField } from './speckle.ts';
import { echoDb, smoothStep } from './tissue.ts';

const DEPTH_SAMPLES_PER_MM = 2;
const ANGLE_SAMPLES_PER_DEGREE = 1.6;

/** Amplitude of a level in decibels, from a table: a tenth of a decibel is finer than any speckle. */
const amplitudeTable = Float32Array.from({ length: 1601 }, (_, i) => 10 ** ((i / 10 - 120) / 20));
function amplitude(decibels: number): number {
  return amplitudeTable[Math.max(0, Math.min(1600, Math.round((decibels + 120) * 10)))]!;
}

/** The probe's own coordinates of every pixel; they do not change over a video. */
interface Beams {
  readonly depthMm: Float32Array;
  readonly angle: Float32Array;
  readonly depthSample: Int32Array;
  readonly angleSample: Int32Array;
  readonly inSector: Uint8Array;
}

function beamsOf(scan: Acquisition): Beams {
  const pixels = scan.rows * scan.columns;
  const beams = {
    depthMm: new Float32Array(pixels),
    angle: new Float32Array(pixels),
    depthSample: new Int32Array(pixels),
    angleSample: new Int32Array(pixels),
    inSector: new Uint8Array(pixels),
  };
  const originX = ((scan.columns - 1) / 2) * scan.spacingMm;
  const originY = -5;
  const reach = (scan.rows - 2) * scan.spacingMm - originY;
  for (let row = 0; row < scan.rows; row++) {
    for (let column = 0; column < scan.columns; column++) {
      const pixel = row * scan.columns + column;
      const x = column * scan.spacingMm - originX;
      const y = row * scan.spacingMm - originY;
      const depth = Math.hypot(x, y);
      const angle = Math.atan2(x, y);
      beams.depthMm[pixel] = depth;
      beams.angle[pixel] = angle;
      beams.depthSample[pixel] = Math.round(depth * DEPTH_SAMPLES_PER_MM);
      beams.angleSample[pixel] =
        Math.round((angle * 180 * ANGLE_SAMPLES_PER_DEGREE) / Math.PI) & (SPECKLE_ANGLES - 1);
      beams.inSector[pixel] = depth > 9 && depth < reach && Math.abs(angle) < scan.sectorHalfAngle ? 1 : 0;
    }
  }
  return beams;
}

/** The scanner's own smoothing along rows and columns, black outside the sector. */
function smoothInSector(frame: Float32Array, inSector: Uint8Array, scan: Acquisition): void {
  const { rows, columns, smoothing } = scan;
  const own = 1 - 2 * smoothing;
  for (const [lines, length, step, stride] of [
    [rows, columns, 1, columns],
    [columns, rows, columns, 1],
  ] as const) {
    for (let line = 0; line < lines; line++) {
      let before = frame[line * stride]!;
      for (let i = 1; i < length - 1; i++) {
        const pixel = line * stride + i * step;
        const here = frame[pixel]!;
        frame[pixel] = own * here + smoothing * (before + frame[pixel + step]!);
        before = here;
      }
    }
  }
  for (let pixel = 0; pixel < frame.length; pixel++) if (inSector[pixel] === 0) frame[pixel] = 0;
}

/** What stays the same over a video. */
interface Scene {
  readonly heart: Heart;
  readonly scan: Acquisition;
  readonly beams: Beams;
  readonly speckle: SpeckleField;
  /** Level of the static line at every pixel, where there is one. */
  readonly decoy: Float32Array | undefined;
}

/** One frame: where the heart is, what hides it, and where noise is read. */
interface Moment {
  readonly frame: number;
  readonly shape: HeartShape;
  readonly placement: Placement;
  readonly lateral: Float32Array;
  readonly shadows: Float32Array;
  readonly noiseDepth: number;
  readonly noiseAngle: number;
}

/** A place in the heart's frame. */
interface Place {
  along: number;
  across: number;
  readonly point: HeartPoint;
}

function speckleSample(depth: number, angle: number): number {
  return (depth & (SPECKLE_DEPTHS - 1)) * SPECKLE_ANGLES + (angle & (SPECKLE_ANGLES - 1));
}

/** What tissue sends back, less what is lost at it. */
function echoLevelDb({ heart, scan }: Scene, { frame, shape, lateral }: Moment, point: HeartPoint): number {
  const level = echoDb(heart, shape, point, scan) - valveLossDb(scan, frame, point);
  if (point.across <= 0 || point.insideCavity >= 0.5 || point.insideWall <= -6) return level;
  const bin = Math.max(0, Math.min(LOSS_BINS - 1, Math.round(point.share * (LOSS_BINS - 1))));
  return level - lateral[bin]!;
}

/** Amplitude of what stays where it is: the near field, the static line, haze. */
function clutterAt({ heart, scan, beams, decoy }: Scene, frame: number, pixel: number, place: Place): number {
  const depth = beams.depthMm[pixel]!;
  let clutter = amplitude(scan.nearFieldDb - (8.7 * (depth - 9)) / scan.nearFieldReachMm);
  if (decoy !== undefined) clutter += amplitude(decoy[pixel]!);
  for (const haze of scan.hazes) {
    const scale = 1 / (haze.radiusShare * heart.lengthMm);
    const offAlong = place.along * scale - haze.along / haze.radiusShare;
    const offAcross = place.across * scale - haze.across / haze.radiusShare;
    const squared = offAlong * offAlong + offAcross * offAcross;
    if (squared < 5) clutter += amplitude(haze.levelDb[frame]! - 4.35 * squared);
  }
  return clutter;
}

/** The grey level of one pixel, in [0, 1], before smoothing. */
function greyAt(scene: Scene, moment: Moment, pixel: number, place: Place): number {
  const { heart, scan, beams, speckle } = scene;
  const { frame, shape, shadows, noiseDepth, noiseAngle } = moment;
  const { point } = place;
  const depth = beams.depthMm[pixel]!;
  const angle = beams.angle[pixel]!;
  const level = echoLevelDb(scene, moment, point);
  const angleBin = Math.round((angle / (2 * scan.sectorHalfAngle) + 0.5) * (LOSS_BINS - 1));
  const path = scan.attenuationDbPerMm * (depth - 40) + shadows[angleBin]! * smoothStep(10, 28, depth);
  // Tissue between apex and plane is carried along with the plane's descent.
  const carried = (heart.lengthMm - shape.lengthMm) * Math.max(0, Math.min(1.2, point.share));
  const depthSample = beams.depthSample[pixel]!;
  const angleSample = beams.angleSample[pixel]!;
  const moving = speckleSample(depthSample + Math.round(carried * DEPTH_SAMPLES_PER_MM), angleSample);
  const still = speckleSample(depthSample + 171, angleSample + 97);
  const changing = speckleSample(depthSample + noiseDepth, angleSample + noiseAngle);
  const echo = amplitude(level - path);
  const veil = clutterAt(scene, frame, pixel, place) * amplitude(-0.5 * path);
  const noise = amplitude(scan.noiseDb + 0.08 * depth);
  const real = echo * speckle.real[moving]! + veil * speckle.real[still]! + noise * speckle.real[changing]!;
  const imaginary =
    echo * speckle.imaginary[moving]! +
    veil * speckle.imaginary[still]! +
    noise * speckle.imaginary[changing]!;
  const decibels = 4.342945 * Math.log(real * real + imaginary * imaginary + 1e-12);
  return Math.min(1, Math.max(0, (decibels + scan.gainDb + 2) / scan.dynamicRangeDb + 1));
}

/** Fills `raw` with the grey levels of a frame inside the sector. */
function drawFrame(scene: Scene, moment: Moment, place: Place, raw: Float32Array): void {
  const { heart, scan, beams } = scene;
  const { shape, placement } = moment;
  for (let row = 0; row < scan.rows; row++) {
    for (let column = 0; column < scan.columns; column++) {
      const pixel = row * scan.columns + column;
      if (beams.inSector[pixel] === 0) continue;
      const x = column * scan.spacingMm - placement.apexX;
      const y = row * scan.spacingMm - placement.apexY;
      place.along = y * placement.cosine + x * placement.sine;
      place.across = x * placement.cosine - y * placement.sine;
      locate(heart, shape, place.along, place.across, place.point);
      raw[pixel] = greyAt(scene, moment, pixel, place);
    }
  }
}

/** Grey levels in steps of 1/255, [frames, rows, columns]. */
export function renderPhantom(heart: Heart, scan: Acquisition, random: RandomStream): Float32Array {
  const pixels = scan.rows * scan.columns;
  const intensities = new Float32Array(scan.frames * pixels);
  const beams = beamsOf(scan);
  const speckle = drawSpeckle(
    scan.speckleAxialMm * DEPTH_SAMPLES_PER_MM,
    scan.speckleLateralDegrees * ANGLE_SAMPLES_PER_DEGREE,
    random,
  );
  const decoy = decoyLevels(heart, shapeAt({ ...heart, startPhase: 0 }, 0), scan);
  const scene: Scene = { heart, scan, beams, speckle, decoy };
  const point: HeartPoint = { share: 0, across: 0, abovePlane: 0, insideCavity: 0, insideWall: 0 };
  const place: Place = { along: 0, across: 0, point };
  const raw = new Float32Array(pixels);
  const greyCurve = Float32Array.from(
    { length: 1024 },
    (_, i) => Math.round(255 * (i / 1023) ** scan.gamma) / 255,
  );
  for (let frame = 0; frame < scan.frames; frame++) {
    const moment: Moment = {
      frame,
      shape: shapeAt(heart, frame),
      placement: placementAt(scan, frame),
      lateral: lateralLoss(scan, frame),
      shadows: shadowLoss(scan, frame),
      noiseDepth: random.integer(SPECKLE_DEPTHS),
      noiseAngle: random.integer(SPECKLE_ANGLES),
    };
    drawFrame(scene, moment, place, raw);
    smoothInSector(raw, beams.inSector, scan);
    for (let pixel = 0; pixel < pixels; pixel++) {
      intensities[frame * pixels + pixel] = greyCurve[Math.round(raw[pixel]! * 1023)]!;
    }
  }
  return intensities;
}
