/**
 * Agreement (Dice, method.md 4.4) of what a policy saw with its completion from which that is a likely heart. Below it
 * the video is looked at mirrored, too, unless a run says otherwise, and people are told that the shape is mostly
 * guessed.
 */
export const likelyHeartAgreement = 0.9;
