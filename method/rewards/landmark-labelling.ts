/**
 * Examples of misplaced landmarks out of an annotated video (method.md 5.2): its degraded predictions with their
 * labels.
 */
import type { LabellingConfig } from '../../contracts/run-config.ts';
import type { RandomStream } from '../../ground/random.ts';
import type { GreyVideo, LabelVideo } from '../../imaging/image.ts';
import { degradedPredictions, type PolicyLogits } from './labelling.ts';
import { landmarkLabel } from './landmark-label.ts';

export interface LandmarkLabellingTask {
  readonly image: GreyVideo;
  /** The annotation, on the grid of the image. */
  readonly truth: LabelVideo;
  readonly policyLogits: PolicyLogits;
  /** In which ways predictions are degraded. */
  readonly config: Pick<LabellingConfig, 'weightNoise' | 'contrast' | 'imageNoise'>;
  /** Corners farther apart than this are mistakes, mm. */
  readonly mistakeMm: number;
  /** Stream of this video alone. */
  readonly random: RandomStream;
}

export interface LandmarkExample {
  readonly segmentation: LabelVideo;
  /** As `landmarkLabel` gives it, [frames, rows, columns] in [0, 1]. */
  readonly correct: Float32Array;
}

/**
 * One example per degradation; none for an empty prediction, nor for a video whose annotation has a frame without
 * corners.
 */
export async function* landmarkExamples(task: LandmarkLabellingTask): AsyncGenerator<LandmarkExample> {
  const { truth, mistakeMm } = task;
  for await (const segmentation of degradedPredictions(task)) {
    if (!segmentation.labels.some((label) => label !== 0)) continue;
    const correct = landmarkLabel(segmentation, truth, mistakeMm);
    if (!correct) return;
    yield { segmentation, correct };
  }
}
