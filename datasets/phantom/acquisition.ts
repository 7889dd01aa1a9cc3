/**
 * How a phantom is scanned: probe position and picture quality. The source domain is one well set-up scanner; the target
 * domain is other machines and harder patients. `shift` moves every range from the source (0) to the target (1) and beyond.
 */
import type { RandomStream } from '../../ground/random.ts';

/** Signal lost in a part of one wall for some of the time. */
export interface WallDropout {
  /** 0 septal, 1 lateral. */
  readonly side: 0 | 1;
  /** Centre and half width along the long axis, as shares of the cavity's length. */
  readonly centre: number;
  readonly halfWidth: number;
  /** Loss in decibels, one value per frame. */
  readonly lossDb: Float32Array;
}

/** A dark sector behind a rib or lung. */
export interface Shadow {
  /** Angle from the beam axis in radians and half width, one angle per frame. */
  readonly angle: Float32Array;
  readonly halfWidth: number;
  readonly lossDb: Float32Array;
}

/** A bright veil, such as reverberation, over part of the picture. */
export interface Haze {
  /** Centre in the heart's frame as shares of the cavity's length: along the axis, across it. */
  readonly along: number;
  readonly across: number;
  readonly radiusShare: number;
  readonly levelDb: Float32Array;
}

export interface Acquisition {
  readonly frames: number;
  readonly rows: number;
  readonly columns: number;
  readonly spacingMm: number;
  readonly frameTimeMs: number;
  readonly sectorHalfAngle: number;
  /** Tilt of the long axis against the vertical, radians, and its slow sway over the video. */
  readonly tilt: number;
  readonly swayRadians: number;
  readonly swayMm: readonly [number, number];
  readonly swayPhase: number;
  readonly swayCycles: number;
  /** Endocardial apex as a share of the image: column from the middle, row from the top. */
  readonly apexAcross: number;
  readonly apexDown: number;
  readonly bloodDb: number;
  readonly myocardiumDb: number;
  readonly surroundingsDb: number;
  readonly pericardiumDb: number;
  /** Loss per millimetre of depth that the time gain does not make up for. */
  readonly attenuationDbPerMm: number;
  readonly edgeLossDb: number;
  readonly nearFieldDb: number;
  readonly nearFieldReachMm: number;
  readonly noiseDb: number;
  readonly gainDb: number;
  readonly dynamicRangeDb: number;
  readonly gamma: number;
  /** Correlation length of the speckle: along the beam in mm, across it in degrees. */
  readonly speckleAxialMm: number;
  readonly speckleLateralDegrees: number;
  readonly dropouts: readonly WallDropout[];
  readonly shadows: readonly Shadow[];
  readonly hazes: readonly Haze[];
}

/** A loss that comes and goes: a steady part, a slow wave and, in the target, bursts of one to four frames. */
function flicker(frames: number, peak: number, unsteadiness: number, random: RandomStream): Float32Array {
  const course = new Float32Array(frames);
  const period = 6 + 14 * random.uniform();
  const phase = random.uniform();
  const steady = 1 - 0.75 * Math.min(1, unsteadiness);
  for (let t = 0; t < frames; t++) {
    const wave = 0.5 + 0.5 * Math.sin(2 * Math.PI * (t / period + phase));
    course[t] = peak * (steady + (1 - steady) * wave);
  }
  const bursts = Math.round(unsteadiness * frames * 0.12 * random.uniform());
  for (let burst = 0; burst < bursts; burst++) {
    const start = random.integer(frames);
    const length = 1 + random.integer(4);
    const level = random.uniform() < 0.6 ? 1.15 * peak : 0;
    for (let t = start; t < Math.min(frames, start + length); t++) course[t] = level;
  }
  return course;
}

/** Draws the scan of one video. `shift` 0 is the source domain, 1 the default target domain. */
export function drawAcquisition(
  shift: number,
  heartRate: number,
  framesPerBeat: number,
  random: RandomStream,
): Acquisition {
  const mix = (source: readonly [number, number], target: readonly [number, number]): number => {
    const low = source[0] + (target[0] - source[0]) * shift;
    const high = source[1] + (target[1] - source[1]) * shift;
    return low + (high - low) * random.uniform();
  };
  const sign = () => (random.uniform() < 0.5 ? -1 : 1);
  const beats = 1 + 2 * random.uniform();
  const frames = Math.max(16, Math.min(32, Math.round(beats * framesPerBeat)));
  const rows = 112 + 4 * random.integer(5);

  const dropouts: WallDropout[] = [];
  const dropoutCount = Math.round(mix([0, 0.7], [0.2, 1.4]));
  for (let i = 0; i < dropoutCount; i++) {
    dropouts.push({
      side: random.uniform() < 0.68 ? 1 : 0,
      centre: 0.15 + 0.75 * random.uniform(),
      halfWidth: mix([0.08, 0.14], [0.08, 0.15]),
      lossDb: flicker(frames, mix([2, 6], [4, 10]), 0.5 * Math.max(0, shift), random),
    });
  }
  const shadows: Shadow[] = [];
  const shadowCount = Math.round(mix([0, 0.4], [0, 0.9]));
  for (let i = 0; i < shadowCount; i++) {
    const centre = sign() * (0.08 + 0.5 * random.uniform());
    const drift = mix([0, 0.02], [0.01, 0.06]);
    const phase = random.uniform();
    const period = 14 + 20 * random.uniform();
    const angle = Float32Array.from(
      { length: frames },
      (_, t) => centre + drift * Math.sin(2 * Math.PI * (t / period + phase)),
    );
    const halfWidth = mix([0.03, 0.05], [0.035, 0.08]);
    shadows.push({
      angle,
      halfWidth,
      lossDb: flicker(frames, mix([4, 8], [5, 11]), 0.4 * Math.max(0, shift), random),
    });
  }
  const hazes: Haze[] = [];
  const hazeCount = Math.round(mix([0, 0.4], [0.5, 2]));
  for (let i = 0; i < hazeCount; i++) {
    hazes.push({
      along: -0.05 + 0.8 * random.uniform(),
      across: 0.5 * (2 * random.uniform() - 1),
      radiusShare: 0.14 + 0.16 * random.uniform(),
      levelDb: flicker(frames, mix([-40, -36], [-38, -31]), 0, random).map(
        (level) => level + 2 * shift * random.normal(),
      ),
    });
  }
  return {
    frames,
    rows,
    columns: 112,
    // Rounded to what a header of single precision holds.
    spacingMm: Math.round(1000 * mix([1.08, 1.2], [1, 1.3])) / 1000,
    frameTimeMs: Math.round((1000 * 60_000) / heartRate / framesPerBeat) / 1000,
    sectorHalfAngle: mix([0.66, 0.72], [0.63, 0.74]),
    tilt: mix([-0.09, 0.09], [-0.28, 0.28]),
    swayRadians: mix([0, 0.01], [0, 0.03]),
    swayMm: [mix([0, 0.4], [0, 1.2]), mix([0, 0.4], [0, 0.9])],
    swayPhase: random.uniform(),
    swayCycles: 0.4 + 0.5 * random.uniform(),
    apexAcross: mix([-0.04, 0.04], [-0.09, 0.09]),
    apexDown: mix([0.17, 0.21], [0.14, 0.25]),
    bloodDb: mix([-48, -43], [-44, -37]),
    myocardiumDb: mix([-17, -13], [-22, -15]),
    surroundingsDb: mix([-25.5, -22.5], [-29, -22]),
    pericardiumDb: mix([-5, -2], [-7, -1.5]),
    attenuationDbPerMm: mix([0, 0.03], [-0.01, 0.05]),
    edgeLossDb: mix([2, 5], [2, 7.5]),
    nearFieldDb: mix([-20, -16], [-20, -13.5]),
    nearFieldReachMm: mix([7, 10], [7, 12]),
    noiseDb: mix([-54, -50], [-54, -46]),
    gainDb: mix([-1, 1], [-6, 4]),
    dynamicRangeDb: mix([46, 50], [40, 60]),
    gamma: mix([0.95, 1.05], [0.75, 1.35]),
    speckleAxialMm: mix([1.2, 1.5], [1.4, 2.2]),
    speckleLateralDegrees: mix([1.8, 2.2], [2.2, 3.6]),
    dropouts,
    shadows,
    hazes,
  };
}
