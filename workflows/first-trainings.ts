/**
 * The trainings that a run begins with and that need nothing of one another. All of them are handed out at once:
 * workers that are free take them side by side, a single one takes them in their order.
 */
import { patched } from '@temporalio/workflow';
import type { Stage } from '../contracts/messages.ts';
import type { ProgressBoard } from './progress.ts';
import { sideBySide } from './side-by-side.ts';

export type FirstTraining = readonly [stage: Stage, train: () => Promise<{ readonly quarantined: number }>];

/**
 * Shown is the first that has not ended. One that fails cancels the others.
 * @returns how many videos were set aside. All trainings read the same ones: a bad one is met by each and counts once.
 */
export async function trainAtOnce(
  trainings: readonly FirstTraining[],
  progress: ProgressBoard,
): Promise<number> {
  // A run that an older version started takes them one after the other.
  const atOnce = trainings.length > 1 && patched('first-trainings-at-once') ? trainings.length : 1;
  const going = new Set(trainings);
  let shown: FirstTraining | undefined;
  const show = (): void => {
    const [first] = going;
    if (first && first !== shown) progress.enter(first[0], 1);
    shown = first;
  };
  let bad = 0;
  show();
  await sideBySide({ from: 0, to: trainings.length, concurrency: () => atOnce }, async (index) => {
    const training = trainings[index]!;
    const { quarantined } = await training[1]();
    bad = Math.max(bad, quarantined);
    going.delete(training);
    show();
  });
  return bad;
}
