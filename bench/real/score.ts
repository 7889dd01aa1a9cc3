/** A policy on the test patients of both sets: every loop with its measures, plain and with full inference. */
import type { LoadedModel } from '../../app/segmentation/networks.ts';
import { LEFT_VENTRICLE } from '../../ground/labels.ts';
import { type LabelVideo, labelFrame } from '../../imaging/image.ts';
import { diceOf } from '../../metrics/overlap.ts';
import { scoreVideo } from '../../metrics/score-video.ts';
import { isRecorded, type RealEcho, type RealVideo } from '../shared/real-echo.ts';
import { type Inference, inferences, segmentLoop } from './segment.ts';

/** Dice and distances where a reference has the structure. */
export interface LoopScore {
  readonly id: string;
  readonly recorded: boolean;
  /** Of the ventricle: over the loop, and at its largest and smallest. */
  readonly lv?: { readonly loop: number; readonly ed: number; readonly es: number };
  readonly myo?: number;
  readonly hausdorffMm?: number;
  readonly anatomicallyValid: boolean;
  readonly temporallyValid: boolean;
  readonly frames: number;
  readonly invalidFrames: number;
  readonly flaggedFrames: number;
}

export type Scored = Readonly<Record<Inference, readonly LoopScore[]>>;

/** What is done with a segmented loop beside scoring it, such as drawing it. */
export type OnLoop = (video: RealVideo, segmented: Readonly<Record<Inference, LabelVideo>>) => void;

export interface PolicyScores {
  /** Test patients of the source. */
  readonly source: Scored;
  /** Test loops of the target. */
  readonly target: Scored;
  /** Loops of the target with a reference in its other splits: of use for a policy that was not adapted to them. */
  readonly others?: Scored;
}

export function scoreModel(
  model: LoadedModel,
  echo: RealEcho,
  options: { readonly others: boolean; readonly onTargetLoop?: OnLoop },
): PolicyScores {
  const source = scoreLoops(model, echo.source('test'));
  const target = scoreLoops(model, echo.target('test'), options.onTargetLoop);
  if (!options.others) return { source, target };
  return { source, target, others: scoreLoops(model, annotated(echo.target('train', 'val'))) };
}

function* annotated(videos: Iterable<RealVideo>): Iterable<RealVideo> {
  for (const video of videos) if (video.reference) yield video;
}

function scoreLoops(model: LoadedModel, videos: Iterable<RealVideo>, onLoop?: OnLoop): Scored {
  const scores: Record<Inference, LoopScore[]> = { plain: [], full: [] };
  for (const video of videos) {
    const segmented = segmentLoop(model.policy, model, video.image);
    for (const inference of inferences) scores[inference].push(scoreLoop(video, segmented[inference]));
    onLoop?.(video, segmented);
  }
  return scores;
}

export function scoreLoop(
  { id, reference }: Pick<RealVideo, 'id' | 'reference'>,
  segmented: LabelVideo,
): LoopScore {
  const { anatomical, temporal, dice, hausdorffMm } = scoreVideo(id, segmented, reference);
  return {
    id,
    recorded: isRecorded({ id }),
    ...(reference &&
      dice?.lv !== undefined && { lv: { loop: dice.lv, ...atExtremes(segmented, reference) } }),
    ...(dice?.myo !== undefined && { myo: dice.myo }),
    ...(hausdorffMm?.mean !== undefined && { hausdorffMm: hausdorffMm.mean }),
    anatomicallyValid: anatomical.valid,
    temporallyValid: temporal.valid,
    frames: segmented.frames,
    invalidFrames: anatomical.invalidFrames.length,
    flaggedFrames: temporal.flaggedFrames.length,
  };
}

/** Dice of the ventricle in the frames where the reference's is largest (end-diastole) and smallest (end-systole). */
function atExtremes(segmented: LabelVideo, reference: LabelVideo): { ed: number; es: number } {
  const areas = Array.from({ length: reference.frames }, (_, frame) =>
    labelFrame(reference, frame).labels.reduce((sum, label) => sum + (label === LEFT_VENTRICLE ? 1 : 0), 0),
  );
  const diceAt = (area: number): number => {
    const frame = areas.indexOf(area);
    const only = (video: LabelVideo) => ({ ...video, frames: 1, labels: labelFrame(video, frame).labels });
    return diceOf(only(segmented), only(reference)).lv;
  };
  return { ed: diceAt(Math.max(...areas)), es: diceAt(Math.min(...areas)) };
}
