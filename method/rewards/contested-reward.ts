/**
 * What a segmentation earns where policies disagree (method.md 1): the mean reward of a whole video is mostly that of
 * background and of borders on which all agree, and can be raised by looking like what the reward network trusts.
 */

/**
 * Mean of a reward map over the pixels that not all segmentations label alike; undefined where they all agree.
 * @param reward in [0, 1], [frames, rows, columns]
 * @param segmentations labels of the same pixels, by each policy
 */
export function contestedReward(
  reward: Float32Array,
  segmentations: readonly Uint8Array[],
): number | undefined {
  const [first, ...others] = segmentations;
  let sum = 0;
  let contested = 0;
  for (let i = 0; i < reward.length; i++) {
    if (others.every((labels) => labels[i] === first?.[i])) continue;
    sum += reward[i]!;
    contested++;
  }
  return contested === 0 ? undefined : sum / contested;
}
