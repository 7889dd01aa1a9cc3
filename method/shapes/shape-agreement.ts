import type { LabelVideo } from '../../imaging/image.ts';
import { diceOf } from '../../metrics/overlap.ts';

/**
 * How much of what was seen is a likely heart: the Dice of a segmentation and its completion (method.md 4.4), mean over
 * ventricle and myocardium, in [0, 1]; 0 where no ventricle to speak of was seen, so that there is no completion.
 */
export function shapeAgreement(seen: LabelVideo, completed: LabelVideo | undefined): number {
  return completed ? diceOf(seen, completed).mean : 0;
}
