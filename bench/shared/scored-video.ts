/** One segmented test video in numbers, and policies scored in each way of segmenting. */
import type { LoadedModel } from '../../app/segmentation/networks.ts';
import { LEFT_VENTRICLE } from '../../ground/labels.ts';
import { annotatedFramesOf, annotatedLabelsOf, isFullyAnnotated } from '../../imaging/annotation.ts';
import { type GreyVideo, type LabelVideo, labelFrame } from '../../imaging/image.ts';
import { compareMitralValve } from '../../metrics/mitral-valve.ts';
import { diceOf } from '../../metrics/overlap.ts';
import { scoreVideo } from '../../metrics/score-video.ts';
import { type InferenceName, segmentInEachWay, type WaysOfSegmenting } from './inference.ts';

export interface TestCase {
  readonly id: string;
  readonly patient: string;
  readonly image: GreyVideo;
  readonly reference: LabelVideo | undefined;
}

/**
 * Dice, shares and validity in [0, 1]; what a reference does not know is absent. `cornerMm` is the mean over frames of
 * the distance of the worse base corner, of 20 mm at most, which a frame without corners counts as, too.
 */
export interface VideoMeasures {
  readonly dice?: number;
  readonly lvDice?: number;
  readonly myoDice?: number;
  /** Of the ventricle where the reference's is largest and smallest. */
  readonly lvDiceAtEd?: number;
  readonly lvDiceAtEs?: number;
  readonly hausdorffMm?: number;
  readonly cornerMm?: number;
  readonly mistakesPerCycle?: number;
  readonly anatomicallyValid: number;
  readonly temporallyValid: number;
  readonly temporallyValidAtFrameRate: number;
  /** Share of the frames. */
  readonly invalidFrames: number;
  /** Count in the video, by the published thresholds. */
  readonly flaggedFrames: number;
}
export type MeasureName = keyof VideoMeasures;

export interface ScoredVideo {
  readonly id: string;
  readonly patient: string;
  readonly measures: VideoMeasures;
}

const WORST_CORNER_MM = 20;

export function measuresOf({ id, reference }: TestCase, labels: LabelVideo): VideoMeasures {
  const { anatomical, temporal, temporalAtFrameRate, dice, hausdorffMm, landmarks } = scoreVideo(
    id,
    labels,
    reference,
  );
  return defined({
    dice: dice?.mean,
    lvDice: dice?.lv,
    myoDice: dice?.myo,
    ...(reference && extremesOf(labels, reference)),
    hausdorffMm: hausdorffMm?.mean,
    cornerMm: reference && cornerMm(labels, reference),
    mistakesPerCycle: landmarks?.mistakesPerCycle5mm,
    anatomicallyValid: Number(anatomical.valid),
    temporallyValid: Number(temporal.valid),
    temporallyValidAtFrameRate: Number(temporalAtFrameRate?.valid),
    invalidFrames: anatomical.invalidFrames.length / labels.frames,
    flaggedFrames: temporal.flaggedFrames.length,
  });
}

/** What is done with a video in each way of segmenting beside scoring it, such as drawing it. */
export type OnCase = (one: TestCase, segmented: Readonly<Partial<Record<InferenceName, LabelVideo>>>) => void;

/** The policy on every video, in each way of segmenting; in those that need shapes where there are any. */
export function scorePolicyOn(
  { policy, preprocessing }: Pick<LoadedModel, 'policy' | 'preprocessing'>,
  cases: Iterable<TestCase>,
  { onCase = () => {}, ...ways }: WaysOfSegmenting & { readonly onCase?: OnCase | undefined } = {},
): Partial<Record<InferenceName, ScoredVideo[]>> {
  const scored: Partial<Record<InferenceName, ScoredVideo[]>> = {};
  for (const one of cases) {
    const segmented = segmentInEachWay(policy, preprocessing, one.image, ways);
    for (const [name, labels] of Object.entries(segmented) as [InferenceName, LabelVideo][]) {
      const of = scored[name] ?? [];
      of.push({ id: one.id, patient: one.patient, measures: measuresOf(one, labels) });
      scored[name] = of;
    }
    onCase(one, segmented);
  }
  return scored;
}

function cornerMm(labels: LabelVideo, reference: LabelVideo): number | undefined {
  if (!isFullyAnnotated(reference)) return undefined;
  const { distances, columnSpacingMm } = compareMitralValve(labels, reference);
  const worst = distances.map((pair) =>
    pair ? Math.min(WORST_CORNER_MM, Math.max(pair.left, pair.right) * columnSpacingMm) : WORST_CORNER_MM,
  );
  return worst.reduce((sum, distance) => sum + distance, 0) / worst.length;
}

/** Dice of the ventricle in the frames where the reference's is largest (end-diastole) and smallest (end-systole). */
function extremesOf(
  labels: LabelVideo,
  reference: LabelVideo,
): { readonly lvDiceAtEd?: number; readonly lvDiceAtEs?: number } {
  if (!annotatedLabelsOf(reference).includes(LEFT_VENTRICLE)) return {};
  const frames = annotatedFramesOf(reference);
  const areas = frames.map((frame) =>
    labelFrame(reference, frame).labels.reduce((sum, label) => sum + Number(label === LEFT_VENTRICLE), 0),
  );
  const diceAt = (area: number): number => {
    const frame = frames[areas.indexOf(area)]!;
    const only = (video: LabelVideo) => ({ ...video, frames: 1, labels: labelFrame(video, frame).labels });
    return diceOf(only(labels), only(reference)).lv;
  };
  return { lvDiceAtEd: diceAt(Math.max(...areas)), lvDiceAtEs: diceAt(Math.min(...areas)) };
}

type Optional<Fields> = { readonly [Name in keyof Fields]?: Fields[Name] | undefined };

function defined(measures: Optional<VideoMeasures>): VideoMeasures {
  return Object.fromEntries(
    Object.entries(measures).filter(([, value]) => value !== undefined),
  ) as unknown as VideoMeasures;
}
