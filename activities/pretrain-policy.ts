/** Trains policy 0 on the annotated source (method.md 1, step 0). */
import { z } from 'zod';
import type { PretrainResult, TrainingInput } from '../contracts/activities.ts';
import { CLASS_COUNT } from '../ground/labels.ts';
import { randomStream } from '../ground/random.ts';
import { UNet3D } from '../method/networks/unet3d.ts';
import { Pretraining } from '../method/pretraining/pretraining.ts';
import { findArtefact } from '../storage/artefacts.ts';
import { runKeys } from '../storage/keys.ts';
import { findJson, writeJson } from './artefacts/json-artefact.ts';
import { policySettings, storeNetwork } from './artefacts/networks.ts';
import { readRun } from './artefacts/run-facts.ts';
import { activityKeys } from './artefacts/run-keys.ts';
import type { ActivityContext } from './context.ts';
import { attemptFolder, withRates } from './training/attempt.ts';
import { type ResumableTraining, trainResumably } from './training/train-resumably.ts';
import { shelveVideos } from './videos/shelve-videos.ts';
import { labelledWindowsFrom, VideoShelf } from './videos/video-shelf.ts';

/** What is known of a finished pretraining, beside its weights. */
export const PretrainingCurveSchema = z.strictObject({
  steps: z.int(),
  quarantined: z.int(),
  points: z.array(z.record(z.string(), z.number())),
});

const ProgressSchema = z.strictObject({ step: z.int().min(0) });

export async function pretrainPolicy(
  input: TrainingInput,
  context: ActivityContext,
): Promise<PretrainResult> {
  const { run } = input;
  const key = runKeys.policy(run, 0);
  const present = await findJson(context, activityKeys.pretrainingCurve(run), PretrainingCurveSchema);
  const finished = present && (await findArtefact(context.store, key));
  if (present && finished) {
    const { steps, quarantined } = present.value;
    return { policy: finished, curve: present.reference, steps, quarantined };
  }

  const { config, plan } = await readRun(input, context);
  const shelf = new VideoShelf();
  const policy = UNet3D.initialise(
    { ...config.network, inputChannels: 1, outputChannels: CLASS_COUNT, deepSupervision: false },
    randomStream(config.seed, 'policy'),
  );
  try {
    const videos = { run, dataset: config.source, videos: plan.source.train, labelled: true, config };
    const { usable, quarantined } = await shelveVideos(shelf, videos, context);
    const pretraining = new Pretraining({
      policy,
      windows: labelledWindowsFrom(shelf, usable),
      config: withRates(config.pretraining, ['learningRate'], input.rateFactor),
      seed: config.seed,
      windowFrames: config.inference.windowFrames,
    });
    try {
      const inputs = [input.config, input.plan];
      const trained = await trainResumably(
        {
          activity: 'pretrainPolicy',
          folder: attemptFolder(runKeys.pretraining(run), input.rateFactor),
          checkpointEverySteps: config.pretraining.checkpointEverySteps,
          inputs,
          training: resumable(pretraining),
        },
        context,
      );
      const stored = await storeNetwork(context, key, policy, 'policy', inputs, policySettings(config));
      const { steps } = trained;
      const document: z.infer<typeof PretrainingCurveSchema> = {
        steps,
        quarantined,
        points: [...trained.curve],
      };
      const curve = await writeJson(context, activityKeys.pretrainingCurve(run), document, [stored]);
      await trained.clearCheckpoints();
      return { policy: stored, curve, steps, quarantined };
    } finally {
      pretraining.dispose();
    }
  } finally {
    policy.dispose();
    shelf.dispose();
  }
}

function resumable(pretraining: Pretraining): ResumableTraining {
  return {
    get done() {
      return pretraining.done;
    },
    totalSteps: pretraining.steps,
    step() {
      const { loss, gradientNorm, learningRate } = pretraining.step();
      return { loss, gradientNorm, learningRate };
    },
    state() {
      const { arrays, progress } = pretraining.state();
      return { arrays, json: progress };
    },
    restore: ({ arrays, json }) => pretraining.restore({ arrays, progress: ProgressSchema.parse(json) }),
  };
}
