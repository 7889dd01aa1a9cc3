/** Dice overlap over a whole video (method.md 9.1). */
import { BACKGROUND, LEFT_VENTRICLE, MYOCARDIUM } from '../ground/labels.ts';
import type { LabelVideo } from '../imaging/image.ts';
import { requireSameGrid } from './hausdorff.ts';

export interface DiceScores {
  readonly lv: number;
  readonly myo: number;
  readonly epi: number;
  /** Mean of left ventricle and myocardium. */
  readonly mean: number;
}

/** 1 when both structures are empty: they agree. */
function dice(shared: number, prediction: number, reference: number): number {
  return prediction + reference === 0 ? 1 : (2 * shared) / (prediction + reference);
}

/**
 * Dice per class, in [0, 1], over all frames together.
 * @throws GeometryMismatch when frames, rows or columns differ.
 */
export function diceOf(prediction: LabelVideo, reference: LabelVideo): DiceScores {
  requireSameGrid(prediction, reference);
  // Pairs of labels counted once: index 3 * prediction + reference.
  const pairs = new Float64Array(9);
  const ours = prediction.labels;
  const theirs = reference.labels;
  // Most pixels have the labels of the pixel before, so a run of equal pairs is counted at once.
  for (let i = 0; i < ours.length; ) {
    const first = i;
    const label = ours[i]!;
    const other = theirs[i]!;
    do i++;
    while (i < ours.length && ours[i] === label && theirs[i] === other);
    pairs[3 * label + other]! += i - first;
  }
  const ofPrediction = (label: number) => pairs[3 * label]! + pairs[3 * label + 1]! + pairs[3 * label + 2]!;
  const ofReference = (label: number) => pairs[label]! + pairs[3 + label]! + pairs[6 + label]!;
  const ofClass = (label: number) => dice(pairs[4 * label]!, ofPrediction(label), ofReference(label));
  const lv = ofClass(LEFT_VENTRICLE);
  const myo = ofClass(MYOCARDIUM);
  const shared = pairs[4]! + pairs[5]! + pairs[7]! + pairs[8]!;
  const epi = dice(shared, ours.length - ofPrediction(BACKGROUND), theirs.length - ofReference(BACKGROUND));
  return { lv, myo, epi, mean: (lv + myo) / 2 };
}
