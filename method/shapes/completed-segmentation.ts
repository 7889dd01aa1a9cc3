/** Which segmentations are completed, and which stay as they were seen (method.md 4.4). */
import type { CompletionConfig } from '../../contracts/run-config.ts';
import type { LabelVideo } from '../../imaging/image.ts';
import { anatomicalValidity } from '../../metrics/anatomy.ts';
import { temporalValidityAtFrameRate } from '../../metrics/temporal.ts';
import { completeSequence } from './complete-sequence.ts';
import type { LinearShapes } from './linear-shapes.ts';
import { shapeAgreement } from './shape-agreement.ts';

export interface Completion {
  /** Of what was seen with it, `shapeAgreement`. */
  readonly agreement: number;
  /** False where too little of what was seen agrees with it, so that this stays. */
  readonly taken: boolean;
}

export interface CompletedSegmentation {
  readonly labels: LabelVideo;
  /** Where one was made. */
  readonly completion?: Completion;
}

/** For frames of which it is not known what comes before and after. */
export function frameByFrame(config: CompletionConfig): CompletionConfig {
  return { ...config, smoothingMs: 0, cornerSmoothingMs: 0 };
}

/**
 * What is valid stays as it was seen, to the pixel, and so does what is too little like a heart: a likely shape in its
 * place would be made up.
 * @param known the completion, if it has been made
 */
export function completedSegmentation(
  video: LabelVideo,
  config: CompletionConfig,
  shapes: LinearShapes,
  known?: LabelVideo,
): CompletedSegmentation {
  if (anatomicalValidity(video).valid && temporalValidityAtFrameRate(video).valid) return { labels: video };
  const made = known ?? completeSequence(shapes, video, config);
  const agreement = shapeAgreement(video, made);
  const taken = made !== undefined && agreement >= config.leaveBelow;
  return { labels: taken ? made : video, completion: { agreement, taken } };
}
