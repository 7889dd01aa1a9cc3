/** What plain fine-tuning and the workers of a local-SGD round (method.md 6, 7) have in common. */
import type { FineTuneInput } from '../../contracts/activities.ts';
import { randomStream } from '../../ground/random.ts';
import { UNet3D } from '../../method/networks/unet3d.ts';
import type { FineTune, FineTuneProgress } from '../../method/ppo/fine-tune.ts';
import { loadNetwork } from '../artefacts/networks.ts';
import type { RunFacts } from '../artefacts/run-facts.ts';
import type { ActivityContext } from '../context.ts';
import { loadPolicyRewards, type PolicyRewards } from '../rewards/policy-rewards.ts';
import type { CurvePoint, ResumableTraining } from '../training/train-resumably.ts';

type Start = Pick<FineTuneInput, 'iteration' | 'policy' | 'reference' | 'critic' | 'reward'>;

export interface Learners {
  readonly policy: UNet3D;
  readonly reference: UNet3D;
  readonly critic: UNet3D;
  readonly rewards: PolicyRewards;
  dispose(): void;
}

/** The networks of a fine-tuning; the caller disposes the result. */
export async function loadLearners(
  start: Start,
  facts: RunFacts,
  context: ActivityContext,
): Promise<Learners> {
  const loaded: { dispose(): void }[] = [];
  const keep = <Part extends { dispose(): void }>(part: Part): Part => {
    loaded.push(part);
    return part;
  };
  const dispose = (): void => {
    for (const part of loaded) part.dispose();
  };
  try {
    return {
      policy: keep(await loadNetwork(context, start.policy, 'policy')),
      reference: keep(await loadNetwork(context, start.reference, 'policy')),
      critic: keep(await criticOf(start, facts, context)),
      rewards: keep(await loadPolicyRewards(context, start.reward, facts.config)),
      dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** The critic of the round before, or a new one; it keeps its deep-supervision heads (method.md 3). */
export async function criticOf(
  { critic, iteration }: Start,
  { config }: RunFacts,
  context: ActivityContext,
): Promise<UNet3D> {
  if (critic) return loadNetwork(context, critic, 'critic');
  return UNet3D.initialise(
    { ...config.network, inputChannels: 1, outputChannels: 1, deepSupervision: true },
    randomStream(config.seed, 'critic', iteration),
  );
}

/** A fine-tuning as `trainResumably` drives it; what it measures becomes the points of its curve. */
export function resumableFineTune(fineTune: FineTune): ResumableTraining {
  return {
    get done() {
      return fineTune.done;
    },
    totalSteps: fineTune.steps,
    step() {
      const { metrics, violation, validationReward } = fineTune.step();
      const point: Record<string, number> = { reward: metrics.meanReward, loss: metrics.policyLoss };
      for (const [name, value] of Object.entries(metrics)) if (typeof value === 'number') point[name] = value;
      if (validationReward !== undefined) point.validationReward = validationReward;
      if (violation) point.rolledBack = 1;
      return point satisfies CurvePoint;
    },
    state() {
      const { arrays, progress } = fineTune.state();
      return { arrays, json: progress };
    },
    restore: ({ arrays, json }) => fineTune.restore({ arrays, progress: json as FineTuneProgress }),
  };
}
