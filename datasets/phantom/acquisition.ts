/**
 * How a phantom is scanned: probe position and picture quality. The source domain is one well set-up scanner; the
 * target domain is other machines and harder patients. `shift` moves every range from the source (0) to the target
 * (1) and beyond.
 */
import type { RandomStream } from '../../ground/random.ts';
import {
  drawLateralDropout,
  drawValveFade,
  type LateralDropout,
  type ValveFade,
  wavingLoss,
} from './lost-signal.ts';

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
  /**
   * How much darker the lateral wall and the apex are than the septum: sound that runs along a wall comes back
   * weaker.
   */
  readonly lateralLossDb: number;
  readonly apicalLossDb: number;
  /** Strength of the slow changes of brightness along the walls, and where their waves stand: one phase a wave. */
  readonly unevennessDb: number;
  readonly unevennessPhases: readonly number[];
  /** Loss per millimetre of depth that the time gain does not make up for. */
  readonly attenuationDbPerMm: number;
  readonly edgeLossDb: number;
  readonly nearFieldDb: number;
  readonly nearFieldReachMm: number;
  readonly noiseDb: number;
  readonly gainDb: number;
  readonly dynamicRangeDb: number;
  readonly gamma: number;
  /** Weight that the scanner's smoothing gives each neighbour along an axis: 0 none, 0.25 a 1-2-1 mean. */
  readonly smoothing: number;
  /** Correlation length of the speckle: along the beam in mm, across it in degrees. */
  readonly speckleAxialMm: number;
  readonly speckleLateralDegrees: number;
  readonly lateralDropout: LateralDropout | undefined;
  readonly valveFade: ValveFade | undefined;
  readonly shadows: readonly Shadow[];
  readonly hazes: readonly Haze[];
}

/**
 * Shares of the default target's videos whose lateral wall comes and goes, and whose valve plane fades beside a
 * decoy.
 */
const LATERAL_DROPOUTS = 0.2;
const VALVE_FADES = 0.27;

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
  const beats = 1 + 1.5 * random.uniform();
  const frames = Math.max(16, Math.min(32, Math.round(beats * framesPerBeat)));
  const timing = { frames, framesPerBeat };
  const rows = 112 + 4 * random.integer(5);

  const lateralDropout =
    random.uniform() < LATERAL_DROPOUTS * shift ? drawLateralDropout(timing, [20, 28], random) : undefined;
  const valveFade =
    random.uniform() < VALVE_FADES * shift ? drawValveFade(timing, [16, 22], [-14, -9], random) : undefined;
  const shadows: Shadow[] = [];
  const shadowCount = Math.round(mix([0, 0.4], [0, 0.6]));
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
      lossDb: wavingLoss(frames, mix([2, 4], [2, 4.5]), random),
    });
  }
  const hazes: Haze[] = [];
  const hazeCount = Math.round(mix([0, 0.4], [0, 0.55]));
  for (let i = 0; i < hazeCount; i++) {
    hazes.push({
      along: -0.05 + 0.8 * random.uniform(),
      across: 0.5 * (2 * random.uniform() - 1),
      radiusShare: 0.14 + 0.16 * random.uniform(),
      levelDb: wavingLoss(frames, mix([-46, -42], [-46, -41]), random),
    });
  }
  return {
    frames,
    rows,
    columns: 112,
    // Rounded to what a header of single precision holds.
    spacingMm: Math.round(1000 * mix([1.08, 1.2], [1.04, 1.25])) / 1000,
    frameTimeMs: Math.round((1000 * 60_000) / heartRate / framesPerBeat) / 1000,
    sectorHalfAngle: mix([0.66, 0.72], [0.64, 0.73]),
    tilt: mix([-0.12, 0.12], [-0.14, 0.14]),
    swayRadians: mix([0, 0.01], [0, 0.015]),
    swayMm: [mix([0, 0.4], [0, 0.8]), mix([0, 0.4], [0, 0.6])],
    swayPhase: random.uniform(),
    swayCycles: 0.4 + 0.5 * random.uniform(),
    apexAcross: mix([-0.04, 0.04], [-0.06, 0.06]),
    apexDown: mix([0.16, 0.215], [0.155, 0.22]),
    bloodDb: mix([-48, -44], [-48, -44]),
    myocardiumDb: mix([-20, -16], [-20, -16]),
    surroundingsDb: mix([-27, -23], [-29, -24]),
    pericardiumDb: mix([-9, -5], [-9, -5]),
    lateralLossDb: mix([1, 2.5], [1, 2.5]),
    apicalLossDb: mix([1, 2.5], [1, 2.5]),
    unevennessDb: mix([1, 2.5], [1, 2.5]),
    unevennessPhases: Array.from({ length: 6 }, () => random.uniform()),
    attenuationDbPerMm: mix([0, 0.03], [0, 0.04]),
    edgeLossDb: mix([1, 3], [1, 3.5]),
    nearFieldDb: mix([-23, -19], [-23, -18]),
    nearFieldReachMm: mix([7, 10], [8, 11]),
    noiseDb: mix([-58, -54], [-58, -54]),
    gainDb: mix([-2.5, 1.5], [-3, 0.5]),
    dynamicRangeDb: mix([54, 60], [53, 59]),
    gamma: mix([0.92, 1.12], [0.98, 1.16]),
    smoothing: mix([0.14, 0.22], [0.155, 0.225]),
    speckleAxialMm: mix([1.6, 2.1], [1.7, 2.2]),
    speckleLateralDegrees: mix([2, 2.7], [2.05, 2.75]),
    valveFade,
    lateralDropout,
    shadows,
    hazes,
  };
}
