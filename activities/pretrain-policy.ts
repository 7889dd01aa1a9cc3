/** Trains policy 0 on the annotated source (method.md 1, step 0). */
import type { PretrainResult, TrainingInput } from '../contracts/activities.ts';
import { policySettings } from '../contracts/policy-settings.ts';
import { withDisposables } from '../ground/disposables.ts';
import { CLASS_COUNT } from '../ground/labels.ts';
import { randomStream } from '../ground/random.ts';
import { UNet3D } from '../method/networks/unet3d.ts';
import { Pretraining } from '../method/pretraining/pretraining.ts';
import { runKeys } from '../storage/keys.ts';
import { storeNetwork } from './artefacts/networks.ts';
import { readRun } from './artefacts/run-facts.ts';
import { activityKeys } from './artefacts/run-keys.ts';
import type { ActivityContext } from './context.ts';
import { attemptFolder, withRates } from './training/attempt.ts';
import { findFinished, LabelledTrainingSchema } from './training/finished-training.ts';
import { trainResumably } from './training/train-resumably.ts';
import { trainingVideos } from './videos/usable-videos.ts';

export async function pretrainPolicy(
  input: TrainingInput,
  context: ActivityContext,
): Promise<PretrainResult> {
  const { run, rateFactor } = input;
  const document = { key: activityKeys.pretrainingCurve(run), schema: LabelledTrainingSchema };
  const policyKey = runKeys.policy(run, 0);
  const finished = await findFinished(context, document, { policy: policyKey });
  if (finished) {
    const { steps, quarantined } = finished.document;
    return { policy: finished.made.policy, curve: finished.curve, steps, quarantined };
  }

  const { config, plan } = await readRun(input, context);
  const { windowFrames, checkpointEverySteps } = config.training;
  return withDisposables(async (keep) => {
    const shape = {
      ...config.network,
      inputChannels: 1,
      outputChannels: CLASS_COUNT,
      deepSupervision: false,
    };
    const policy = keep(UNet3D.initialise(shape, randomStream(config.seed, 'policy')));
    const videos = { run, dataset: config.source, videos: plan.source.train, labelled: true, config };
    const { windows, quarantined } = await trainingVideos(videos, context);
    const training = keep(
      new Pretraining({
        policy,
        windows,
        config: withRates(config.pretraining, ['learningRate'], rateFactor),
        augmentation: config.augmentation,
        spacingMm: config.preprocessing.spacingMm,
        seed: config.seed,
        windowFrames,
      }),
    );
    const inputs = [input.config, input.plan];
    const folder = attemptFolder(runKeys.pretraining(run), rateFactor);
    const task = { activity: 'pretrainPolicy', folder, checkpointEverySteps, inputs, training };
    const { steps, curve: points, conclude } = await trainResumably(task, context);
    const network = { network: policy, kind: 'policy', settings: policySettings(config) } as const;
    const stored = await storeNetwork(context, policyKey, network, inputs);
    const curve = await conclude(document.key, { steps, quarantined, points }, [stored]);
    return { policy: stored, curve, steps, quarantined };
  });
}
