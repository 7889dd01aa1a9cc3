/**
 * What a policy does on phantoms, and whether its failures are the ones that rewards are for: figures with the range
 * each is to lie in.
 */
import { segmentVideo } from '../../app/segmentation/segment-video.ts';
import type { RunConfig } from '../../contracts/run-config.ts';
import type { PhantomCase } from '../../datasets/phantom/phantom.ts';
import type { LabelVideo } from '../../imaging/image.ts';
import { cleanVideo } from '../../imaging/morphology.ts';
import type { UNet3D } from '../../method/networks/unet3d.ts';
import { anatomicalValidity } from '../../metrics/anatomy.ts';
import { compareMitralValve } from '../../metrics/mitral-valve.ts';
import { diceOf } from '../../metrics/overlap.ts';
import { temporalValidity, temporalValidityAtFrameRate } from '../../metrics/temporal.ts';
import { inferences } from './inference.ts';

/** A corner farther off than this is misplaced (method.md 9.4). */
const MISPLACED_MM = 5;

export interface Verdict {
  readonly anatomy: boolean;
  readonly time: boolean;
  readonly timeAtFrameRate: boolean;
}

export interface PhantomResult {
  readonly plain: Verdict;
  readonly cleaned: Verdict;
  /** Mean of both classes, in [0, 1]. */
  readonly dice: number;
  /** Of the worse corner, in the frames where it is misplaced and both corners are found. */
  readonly misplacedMm: readonly number[];
}

export function verdictOn(labels: LabelVideo): Verdict {
  return {
    anatomy: anatomicalValidity(labels).valid,
    time: temporalValidity(labels).valid,
    timeAtFrameRate: temporalValidityAtFrameRate(labels).valid,
  };
}

/** Segments the video in the plain way and judges what comes out, as it is and after the method's own cleaning. */
export function judgePolicy(policy: UNet3D, phantom: PhantomCase, config: RunConfig): PhantomResult {
  const { labels } = segmentVideo(phantom.image, policy, { ...config, inference: inferences.plain });
  const { distances, columnSpacingMm } = compareMitralValve(labels, phantom.labels);
  const worst = distances.flatMap((pair) =>
    pair ? [Math.max(pair.left, pair.right) * columnSpacingMm] : [],
  );
  return {
    plain: verdictOn(labels),
    cleaned: verdictOn(cleanVideo(labels)),
    dice: diceOf(labels, phantom.labels).mean,
    misplacedMm: worst.filter((distance) => distance > MISPLACED_MM),
  };
}

/** Shares in [0, 1]; a share of no videos is NaN. */
export interface PhantomFigures {
  readonly anatomy: number;
  readonly time: number;
  readonly timeAtFrameRate: number;
  readonly dice: number;
  readonly anatomyCleaned: number;
  readonly timeCleaned: number;
  /** Of the videos that fail in either sense: valid in both after cleaning; failing in time alone. */
  readonly repairedByCleaning: number;
  readonly failingInTimeAlone: number;
  readonly medianMisplacedMm: number;
}

export function phantomFigures(results: readonly PhantomResult[]): PhantomFigures {
  const valid = ({ anatomy, time }: Verdict): boolean => anatomy && time;
  const failing = results.filter(({ plain }) => !valid(plain));
  const share = (of: readonly PhantomResult[], holds: (result: PhantomResult) => boolean): number =>
    of.filter(holds).length / of.length;
  const misplaced = results.flatMap(({ misplacedMm }) => misplacedMm).sort((a, b) => a - b);
  return {
    anatomy: share(results, ({ plain }) => plain.anatomy),
    time: share(results, ({ plain }) => plain.time),
    timeAtFrameRate: share(results, ({ plain }) => plain.timeAtFrameRate),
    dice: results.reduce((sum, { dice }) => sum + dice, 0) / results.length,
    anatomyCleaned: share(results, ({ cleaned }) => cleaned.anatomy),
    timeCleaned: share(results, ({ cleaned }) => cleaned.time),
    repairedByCleaning: share(failing, ({ cleaned }) => valid(cleaned)),
    failingInTimeAlone: share(failing, ({ plain }) => plain.anatomy),
    medianMisplacedMm: misplaced[misplaced.length >> 1] ?? Number.NaN,
  };
}

export interface PhantomGate {
  readonly name: string;
  readonly value: number;
  readonly least: number;
  readonly most: number;
  readonly met: boolean;
}

export interface PhantomJudgement {
  /** Of the true labels; Dice and corners say nothing there. */
  readonly truth: readonly Verdict[];
  readonly supervised: PhantomFigures;
  readonly source: PhantomFigures;
}

/** What the phantoms are to be like, as numbers. */
export function phantomGates({ truth, supervised, source }: PhantomJudgement): PhantomGate[] {
  const share = (holds: (verdict: Verdict) => boolean) => truth.filter(holds).length / truth.length;
  const gate = (name: string, value: number, least: number, most: number): PhantomGate => ({
    name,
    value,
    least,
    most,
    met: value >= least && value <= most,
  });
  return [
    gate(
      'truth: anatomically valid',
      share(({ anatomy }) => anatomy),
      1,
      1,
    ),
    gate(
      'truth: temporally valid',
      share(({ time }) => time),
      1,
      1,
    ),
    gate(
      'truth: temporally valid at the frame rate',
      share(({ timeAtFrameRate }) => timeAtFrameRate),
      1,
      1,
    ),
    gate('supervised on the target: anatomically valid', supervised.anatomy, 0.97, 1),
    gate('supervised on the target: temporally valid', supervised.time, 0.95, 1),
    gate('source policy: anatomically valid', source.anatomy, 0.4, 0.55),
    gate('source policy: temporally valid', source.time, 0.4, 0.55),
    gate('source policy: failing videos that cleaning repairs', source.repairedByCleaning, 0, 0.25),
    gate('source policy: failing videos that fail in time alone', source.failingInTimeAlone, 0.2, 1),
    gate('source policy: median distance of misplaced corners, mm', source.medianMisplacedMm, 5, 20),
  ];
}
