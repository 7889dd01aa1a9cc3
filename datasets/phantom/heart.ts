/**
 * The anatomy of a phantom in an apical view, and how it moves. Everything is measured in millimetres in the heart's
 * own frame: u runs from the endocardial apex along the long axis towards the mitral valve, v across it, lateral side
 * positive.
 */
import type { RandomStream } from '../../ground/random.ts';

export type ApicalView = 'a4c' | 'a2c';

/** One patient seen in one view, at end-diastole, with the amplitudes of its contraction. */
export interface Heart {
  readonly view: ApicalView;
  /** Endocardial apex to mitral plane. */
  readonly lengthMm: number;
  /** Largest distance from the long axis to the endocardium, septal (v < 0) and lateral (v > 0) side. */
  readonly halfWidthMm: readonly [number, number];
  /** Where along the axis the cavity is widest, as a share of the length. */
  readonly widestAt: number;
  /** Width at the mitral plane over the largest width. */
  readonly baseRatio: number;
  readonly wallMm: readonly [number, number];
  readonly apicalWallMm: number;
  /** Sideways bend of the long axis at half length. */
  readonly bendMm: number;
  /** Slope of the mitral plane against the short axis. */
  readonly planeSlope: number;
  readonly shortening: number;
  readonly narrowing: number;
  readonly annulusNarrowing: number;
  readonly thickening: number;
  readonly atriumLengthMm: number;
  readonly rightVentricleMm: number;
  readonly framesPerBeat: number;
  readonly startPhase: number;
  readonly systoleShare: number;
}

/** The heart at one moment; widths and walls as in Heart, contracted. */
export interface HeartShape {
  readonly contraction: number;
  readonly lengthMm: number;
  readonly halfWidthMm: readonly [number, number];
  readonly wallMm: readonly [number, number];
  readonly apicalWallMm: number;
  readonly baseRatio: number;
  readonly atriumLengthMm: number;
  /** 0 closed, 1 open. */
  readonly valveOpening: number;
}

function between(random: RandomStream, low: number, high: number): number {
  return low + (high - low) * random.uniform();
}

/** What a heart is drawn for. */
export interface HeartRequest {
  readonly view: ApicalView;
  /** Depth of the image, which sizes follow. */
  readonly depthMm: number;
  readonly framesPerBeat: number;
  /** 0 in the source domain; larger ones have more zoom and foreshortening. */
  readonly shift: number;
}

/** Draws a heart. The two views of a patient share the numbers drawn from `patient`; `scan` adds what differs. */
export function drawHeart(
  { view, depthMm, framesPerBeat, shift }: HeartRequest,
  patient: RandomStream,
  scan: RandomStream,
): Heart {
  const spread = (centre: number, half: number) => centre + half * (2 * patient.uniform() - 1);
  const zoom = 1 + 0.05 * shift * (2 * scan.uniform() - 1);
  const longAxisMm = depthMm * zoom * spread(0.5, 0.035) * between(scan, 0.97, 1.03);
  // A probe beside the apex cuts it off: the cavity looks shorter, not narrower, and its tip thicker.
  const foreshortening = between(scan, 0, 0.08 * shift);
  const lengthMm = longAxisMm * (1 - foreshortening);
  const width = longAxisMm * spread(0.275, 0.02) * between(scan, 0.95, 1.05);
  const wall = longAxisMm * spread(0.125, 0.012);
  const septal = between(scan, 0.9, 1.02);
  return {
    view,
    lengthMm,
    halfWidthMm: [width * septal, width * (2 - septal)],
    widestAt: between(scan, 0.52, 0.66),
    baseRatio: between(scan, 0.7, 0.82),
    wallMm: [wall * between(scan, 0.95, 1.1), wall * between(scan, 0.88, 1.02)],
    apicalWallMm: wall * between(scan, 0.75, 0.95) * (1 + foreshortening),
    bendMm: lengthMm * between(scan, -0.02, 0.035),
    planeSlope: between(scan, -0.09, 0.09),
    shortening: between(patient, 0.13, 0.175),
    narrowing: between(patient, 0.17, 0.3),
    annulusNarrowing: between(patient, 0.18, 0.25),
    thickening: between(patient, 0.42, 0.58),
    atriumLengthMm: lengthMm * between(patient, 0.42, 0.55),
    rightVentricleMm: lengthMm * between(patient, 0.3, 0.42),
    framesPerBeat,
    startPhase: patient.uniform(),
    systoleShare: between(patient, 0.37, 0.42),
  };
}

/** Contraction over one beat: 0 at end-diastole, 1 at end-systole; `phase` in beats. Smooth and periodic. */
export function contractionAt(phase: number, systoleShare: number): number {
  const position = phase - Math.floor(phase);
  if (position < systoleShare) return 0.5 - 0.5 * Math.cos((Math.PI * position) / systoleShare);
  // Early filling is faster than late filling: the clock of diastole runs ahead, then slows down.
  const late = (position - systoleShare) / (1 - systoleShare);
  return 0.5 + 0.5 * Math.cos(Math.PI * (late + 0.12 * Math.sin(Math.PI * late) ** 2));
}

/** The heart's shape in frame `frame`. */
export function shapeAt(heart: Heart, frame: number): HeartShape {
  const phase = heart.startPhase + frame / heart.framesPerBeat;
  const contraction = contractionAt(phase, heart.systoleShare);
  const narrow = 1 - heart.narrowing * contraction;
  const thick = 1 + heart.thickening * contraction;
  const position = phase - Math.floor(phase);
  const diastole =
    position < heart.systoleShare ? 0 : (position - heart.systoleShare) / (1 - heart.systoleShare);
  return {
    contraction,
    lengthMm: heart.lengthMm * (1 - heart.shortening * contraction),
    halfWidthMm: [heart.halfWidthMm[0] * narrow, heart.halfWidthMm[1] * narrow],
    wallMm: [heart.wallMm[0] * thick, heart.wallMm[1] * thick],
    apicalWallMm: heart.apicalWallMm * (1 + 0.5 * heart.thickening * contraction),
    // The annulus narrows on its own clock, so its ratio to the mid-cavity width changes over the beat.
    baseRatio: (heart.baseRatio * (1 - heart.annulusNarrowing * contraction)) / narrow,
    atriumLengthMm:
      heart.atriumLengthMm * (1 + 0.15 * contraction) + heart.lengthMm * heart.shortening * contraction,
    valveOpening: Math.max(
      0,
      Math.sin(Math.PI * Math.min(1, diastole * 1.05)) ** 0.7 *
        (1 - 0.35 * Math.sin(2 * Math.PI * diastole) ** 2),
    ),
  };
}

/**
 * Half width of a bullet at `share` of its length (0 apex, 1 base) relative to its largest: half ellipse, then a
 * taper.
 */
export function bulletProfile(share: number, widestAt: number, baseRatio: number): number {
  if (share <= 0) return 0;
  if (share < widestAt) {
    const above = 1 - share / widestAt;
    return Math.sqrt(1 - above * above);
  }
  const below = (share - widestAt) / (1 - widestAt);
  return 1 - (1 - baseRatio) * below * below;
}
