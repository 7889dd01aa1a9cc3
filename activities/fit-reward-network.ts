/** Fits the anatomical reward network on all triples so far, and its temperature (method.md 5.1, 5.3). */
import { z } from 'zod';
import type { FitRewardInput, FitRewardResult } from '../contracts/activities.ts';
import type { ArtefactRef } from '../contracts/artefact-ref.ts';
import { randomStream } from '../imaging/random.ts';
import { UNet3D } from '../method/networks/unet3d.ts';
import { RewardFit } from '../method/rewards/reward-fit.ts';
import { RewardFitProgressSchema } from '../method/rewards/reward-fit-progress.ts';
import { rewardNetworkConfig } from '../method/rewards/reward-network.ts';
import { findArtefact } from '../storage/artefacts.ts';
import { runKeys } from '../storage/keys.ts';
import type { ActivityContext } from './context.ts';
import { findJson, writeJson } from './json-artefact.ts';
import { storeNetwork } from './networks.ts';
import { type RunFacts, readRun } from './plan.ts';
import { activityKeys } from './run-keys.ts';
import { StoredTriples } from './stored-triples.ts';
import { type CurvePoint, type ResumableTraining, trainResumably } from './train-resumably.ts';
import { attemptFolder, withRates } from './training-attempt.ts';

/** What is known of a finished fit, beside its weights. */
export const FitSchema = z.strictObject({
  temperature: z.number().positive(),
  validationLoss: z.number(),
  testLoss: z.number(),
  /** NaN, where there was nothing to measure it on, is null in JSON. */
  calibrationError: z.number().nullable(),
  calibrationErrorUnscaled: z.number().nullable(),
  triples: z.int(),
  steps: z.int(),
  points: z.array(z.record(z.string(), z.number())),
});

export async function fitRewardNetwork(
  input: FitRewardInput,
  context: ActivityContext,
): Promise<FitRewardResult> {
  const { run, iteration } = input;
  const facts = await readRun(input, context);
  const key = runKeys.anatomicalReward(run, iteration);
  const fitKey = activityKeys.rewardFit(run, iteration);
  const present = await findJson(context, fitKey, FitSchema);
  const network = present && (await findArtefact(context.store, key));
  if (present && network) return resultOf(network, present.reference, present.value);
  return fit(input, facts, context, key, fitKey);
}

async function fit(
  input: FitRewardInput,
  { config, plan }: RunFacts,
  context: ActivityContext,
  key: string,
  fitKey: string,
): Promise<FitRewardResult> {
  const { run, iteration } = input;
  const triples = await StoredTriples.load({ run, throughIteration: iteration, config, plan }, context);
  const network = UNet3D.initialise(
    rewardNetworkConfig(config.network),
    randomStream(config.seed, 'reward-network', iteration),
  );
  try {
    const rewardFit = new RewardFit({
      network,
      triples,
      config: withRates(config.rewardFit, ['learningRate'], input.rateFactor),
      seed: config.seed,
      windowFrames: config.inference.windowFrames,
    });
    try {
      const trained = await trainResumably(
        {
          activity: 'fitRewardNetwork',
          folder: attemptFolder(activityKeys.rewardTraining(run, iteration), input.rateFactor),
          checkpointEverySteps: config.pretraining.checkpointEverySteps,
          inputs: [input.config, input.plan],
          training: resumable(rewardFit, config.rewardFit.epochs),
        },
        context,
      );
      const report = rewardFit.report!;
      const inputs = [input.config, input.plan, ...triples.references];
      const temperature = String(report.temperature);
      const stored = await storeNetwork(context, key, network, 'anatomical-reward', inputs, { temperature });
      const document = FitSchema.parse({
        temperature: report.temperature,
        validationLoss: report.validationLoss,
        testLoss: report.testLoss,
        calibrationError: finiteOrNull(report.calibrationError),
        calibrationErrorUnscaled: finiteOrNull(report.calibrationErrorUnscaled),
        triples: triples.count,
        steps: trained.steps,
        points: trained.curve,
      });
      const curve = await writeJson(context, fitKey, document, [stored]);
      await trained.clearCheckpoints();
      return resultOf(stored, curve, document);
    } finally {
      rewardFit.dispose();
    }
  } finally {
    network.dispose();
    triples.dispose();
  }
}

function resultOf(
  network: ArtefactRef,
  curve: ArtefactRef,
  fitted: z.infer<typeof FitSchema>,
): FitRewardResult {
  const { temperature, validationLoss, triples, steps } = fitted;
  return { reward: { network, temperature }, curve, steps, triples, validationLoss };
}

function resumable(rewardFit: RewardFit, epochs: number): ResumableTraining {
  return {
    get done() {
      return rewardFit.done;
    },
    totalSteps: epochs * rewardFit.stepsInPhase,
    step() {
      const { phase } = rewardFit.progress;
      const { loss } = rewardFit.step();
      return phase === 'training' ? { loss } : ({ validationLoss: loss } satisfies CurvePoint);
    },
    state() {
      const { arrays, progress } = rewardFit.state();
      return { arrays, json: progress };
    },
    restore: ({ arrays, json }) =>
      rewardFit.restore({ arrays, progress: RewardFitProgressSchema.parse(json) as never }),
  };
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
