/** What plain fine-tuning and the workers of a local-SGD round (method.md 6, 7) have in common. */
import type { FineTuneInput } from '../contracts/activities.ts';
import { randomStream } from '../imaging/random.ts';
import { UNet3D } from '../method/networks/unet3d.ts';
import type { FineTune, FineTuneProgress } from '../method/ppo/fine-tune.ts';
import type { ActivityContext } from './context.ts';
import { loadNetwork } from './networks.ts';
import type { RunFacts } from './plan.ts';
import type { CurvePoint, ResumableTraining } from './train-resumably.ts';

/** The critic of the iteration before, or a new one; it keeps its deep-supervision heads (method.md 3). */
export async function criticOf(
  { critic, iteration }: Pick<FineTuneInput, 'critic' | 'iteration'>,
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
