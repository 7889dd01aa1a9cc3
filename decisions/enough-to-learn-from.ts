/**
 * Whether reward labelling found enough to go on with. Rewards learn from videos whose prediction was kept or corrected
 * (method.md 4.3); where there are hardly any, hours of fitting and fine-tuning would follow noise.
 */
import type { LabelCounts } from '../contracts/messages.ts';
import { addLabels, noLabels } from './label-counts.ts';

export interface Refusal {
  /** What was expected, what was found and what to do. */
  readonly message: string;
  readonly usable: number;
  readonly labelled: number;
}

/**
 * @param labels counts of every iteration so far, the present one last: rewards are fitted on all of them.
 * @param minimum videos that are to be kept or corrected.
 * @returns undefined when there are as many.
 */
export function refusalToLearn(labels: readonly LabelCounts[], minimum: number): Refusal | undefined {
  const { kept, corrected, rejected } = labels.reduce(addLabels, noLabels);
  const usable = kept + corrected;
  if (usable >= minimum) return undefined;
  const labelled = usable + rejected;
  return {
    usable,
    labelled,
    message:
      `There is nothing to learn from: of ${labelled} labelled target videos the prediction of ${kept} was kept and that of ${corrected} corrected, ` +
      `at least ${minimum} are needed (labelling.minimumVideos). The policy that the run starts from does not segment the target well enough. ` +
      'Look at its predictions of target videos with `echoloop segment`, and check that their spacing, orientation and view are those of the source. ' +
      'Then train a better one: the preset real or its `augmentation` section, more pretraining.steps, a wider network; or name one as initialPolicy. ' +
      'Where most predictions look right, lower labelling.agreement. Policy 0 and its evaluation stay in the store.',
  };
}
