/** How strongly each part of the chest sends sound back, in decibels, at a place in the heart's frame. */
import type { Acquisition } from './acquisition.ts';
import type { Heart, HeartShape } from './heart.ts';
import type { HeartPoint } from './placement.ts';

/** 0 at `low` and below, 1 at `high` and above, smooth between. */
export function smoothStep(low: number, high: number, value: number): number {
  const share = Math.min(1, Math.max(0, (value - low) / (high - low)));
  return share * share * (3 - 2 * share);
}

function leafletDb(heart: Heart, shape: HeartShape, point: HeartPoint, scan: Acquisition): number {
  // Each leaflet is hinged at its annulus corner: across the orifice when closed, along the wall when open.
  const side = point.across < 0 ? 0 : 1;
  const hinge = shape.halfWidthMm[side] * shape.baseRatio;
  const fromHinge = hinge - Math.abs(point.across);
  if (fromHinge < 0) return Number.NEGATIVE_INFINITY;
  const angle = 0.12 + 1.05 * shape.valveOpening;
  const reach = side === 0 ? 1.05 * hinge : 0.8 * hinge;
  const alongLeaflet = fromHinge * Math.cos(angle) + point.abovePlane * Math.sin(angle);
  const offLeaflet = point.abovePlane * Math.cos(angle) - fromHinge * Math.sin(angle);
  if (alongLeaflet < 0 || alongLeaflet > reach || Math.abs(offLeaflet) > 1.4) return Number.NEGATIVE_INFINITY;
  return scan.pericardiumDb - 6 - 0.25 * heart.wallMm[side];
}

/** Where the middle of the left atrium lies below the mitral plane. */
function atriumCentreMm(shape: HeartShape): number {
  return 0.46 * shape.atriumLengthMm;
}

/** The left atrium and its wall; undefined elsewhere. */
function leftAtriumDb(shape: HeartShape, point: HeartPoint, scan: Acquisition): number | undefined {
  const below = -point.abovePlane;
  if (below <= 0) return undefined;
  const centre = atriumCentreMm(shape);
  const vertical = (below - centre) / (0.56 * shape.atriumLengthMm);
  const horizontal = Math.abs(point.across) / (shape.halfWidthMm[point.across < 0 ? 0 : 1] * 1.02);
  const radius = Math.sqrt(vertical * vertical + horizontal * horizontal);
  if (radius < 1) return scan.bloodDb + (scan.myocardiumDb - scan.bloodDb) * smoothStep(0.92, 1, radius);
  return radius < 1.13 ? scan.myocardiumDb + (below > centre ? 4 : 1) : undefined;
}

/** Right ventricle above the plane, right atrium below, behind the septum; undefined elsewhere. */
function rightHeartDb(
  heart: Heart,
  shape: HeartShape,
  point: HeartPoint,
  scan: Acquisition,
): number | undefined {
  if (heart.view !== 'a4c' || point.across >= 0) return undefined;
  const below = -point.abovePlane;
  const septum = shape.halfWidthMm[0] * (below > 0 ? 1.1 : 1) + (below > 0 ? 3 : shape.wallMm[0]);
  const width = heart.rightVentricleMm * (1 - 0.25 * shape.contraction);
  const across = (-point.across - septum - 0.46 * width) / (0.5 * width);
  const along =
    below > 0
      ? (below - 0.36 * shape.atriumLengthMm) / (0.46 * shape.atriumLengthMm)
      : Math.max(0, below + 0.45 * shape.lengthMm) / (0.5 * shape.lengthMm) +
        Math.max(0, -below - 0.35 * shape.lengthMm) / (0.32 * shape.lengthMm);
  const radius = Math.sqrt(across * across + along * along);
  if (radius < 1)
    return scan.bloodDb + 2 + (scan.myocardiumDb - scan.bloodDb - 4) * smoothStep(0.9, 1, radius);
  return radius < 1.14 ? scan.myocardiumDb - 2 : undefined;
}

/** Tissue behind the heart shines through it; further out, lung swallows the sound. */
function surroundingsDb(shape: HeartShape, point: HeartPoint, scan: Acquisition): number {
  const below = -point.abovePlane;
  let beyond = -point.insideWall;
  let brightness = 0;
  if (below > 0) {
    const centre = atriumCentreMm(shape);
    beyond = Math.max(beyond, below - 1.02 * shape.atriumLengthMm);
    brightness = 4 * smoothStep(centre, centre + 20, below);
  }
  return scan.surroundingsDb + brightness - 14 * smoothStep(0, 32, beyond);
}

/** Myocardium at a place: darker where it lies along the beam, and not the same along the wall. */
function myocardiumDb(point: HeartPoint, scan: Acquisition): number {
  const side = point.across < 0 ? 0 : 1;
  const apical = 1 - smoothStep(0.02, 0.3, point.share);
  const regional = apical * scan.apicalLossDb + (1 - apical) * side * scan.lateralLossDb;
  let waves = 0;
  for (let wave = 0; wave < 3; wave++) {
    const phase = scan.unevennessPhases[3 * side + wave]!;
    waves += Math.sin(2 * Math.PI * ((0.7 + 0.8 * wave) * point.share + phase));
  }
  return scan.myocardiumDb - regional + (scan.unevennessDb * waves) / 3;
}

/** The wall, its bright lining outside, and the blood within. */
function ventricleDb(heart: Heart, shape: HeartShape, point: HeartPoint, scan: Acquisition): number {
  const muscle = myocardiumDb(point, scan);
  if (point.insideCavity > -1) {
    // A papillary muscle on the lateral side is part of the cavity, as in expert tracings.
    const lengthwise = (point.share - 0.5) / 0.11;
    const inward = (point.insideCavity - 2) / (2.6 + 2 * shape.contraction);
    const papillary = lengthwise * lengthwise + inward * inward;
    const blood = point.across > 0 && papillary < 1 ? muscle - 13 - 6 * papillary : scan.bloodDb;
    return blood + (muscle - blood) * (1 - smoothStep(-1, 1.2, point.insideCavity));
  }
  if (point.insideWall > 0) return muscle + 1.5 * smoothStep(3, 0, point.insideWall);
  const bright = point.across > 0 || heart.view === 'a2c' ? 1 : 0.35;
  const line = (1 - Math.abs(point.insideWall + 1.2) / 1.2) * bright;
  return muscle + (scan.pericardiumDb - muscle) * line;
}

/** Echo strength at a point in decibels below full scale. */
export function echoDb(heart: Heart, shape: HeartShape, point: HeartPoint, scan: Acquisition): number {
  if (point.abovePlane > -1.5 && point.insideCavity > -1) {
    const leaflet = leafletDb(heart, shape, point, scan);
    if (leaflet > Number.NEGATIVE_INFINITY) return leaflet;
  }
  if (point.abovePlane > 0 && point.insideWall > -2.4) return ventricleDb(heart, shape, point, scan);
  return (
    leftAtriumDb(shape, point, scan) ??
    rightHeartDb(heart, shape, point, scan) ??
    surroundingsDb(shape, point, scan)
  );
}
