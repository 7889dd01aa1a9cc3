/** The control of the learned rewards: the same fine-tuning with the rule of cleaning as the only reward. */
import { storeNetwork } from '../../activities/artefacts/networks.ts';
import { readRun } from '../../activities/artefacts/run-facts.ts';
import type { ActivityContext } from '../../activities/context.ts';
import { fineTuneInputs } from '../../activities/fine-tuning/learners.ts';
import { openFineTuning } from '../../activities/fine-tuning/open-fine-tuning.ts';
import { policySettings } from '../../contracts/policy-settings.ts';
import type { FineTuneInput } from '../../contracts/training-activities.ts';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import { withDisposables } from '../../ground/disposables.ts';
import { runKeys } from '../../storage/keys.ts';
import { cleaningRule } from '../shared/cleaning-rule.ts';

/** The reward of the input is loaded and not asked. */
export async function fineTuneByCleaning(
  input: FineTuneInput,
  context: ActivityContext,
): Promise<ArtefactRef> {
  const facts = await readRun(input, context);
  return withDisposables(async (keep) => {
    const { training, policy } = await openFineTuning(input, facts, context, keep, cleaningRule);
    while (!training.done) {
      await training.ready();
      training.step();
    }
    policy.assign(training.bestPolicy());
    const network = { network: policy, kind: 'policy', settings: policySettings(facts.config) } as const;
    return storeNetwork(context, runKeys.policy(input.run, input.iteration), network, fineTuneInputs(input));
  });
}
