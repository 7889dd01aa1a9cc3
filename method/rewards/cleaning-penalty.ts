/** Errors that are certain: what morphological cleaning (method.md 4.1) would change; not learned. */
import type { LabelVideo } from '../../imaging/image.ts';
import { cleanVideo } from '../../imaging/morphology.ts';
import { requireRewardOn } from './reward-grid.ts';

/**
 * The reward with 0 at every pixel that cleaning gives another label: pieces apart from their structure, holes, gaps.
 *
 * `reward` has the shape of `segmentation`, [frames, rows, columns]; a new array is returned.
 * @throws GeometryMismatch when the reward is not on the segmentation's grid.
 */
export function applyCleaningPenalty(reward: Float32Array, segmentation: LabelVideo): Float32Array {
  requireRewardOn(segmentation, reward, 'The cleaning penalty');
  const cleaned = cleanVideo(segmentation).labels;
  return reward.map((value, i) => (cleaned[i] === segmentation.labels[i] ? value : 0));
}
