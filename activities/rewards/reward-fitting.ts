/** The fit that all reward networks share (method.md 5.1 to 5.3), resumable, with what is stored of it. */
import { z } from 'zod';
import type { RewardFitConfig, RunConfig } from '../../contracts/run-config.ts';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import type { RandomStream } from '../../ground/random.ts';
import type { NetworkKind } from '../../method/networks/network-checkpoint.ts';
import { UNet3D } from '../../method/networks/unet3d.ts';
import { RewardFit } from '../../method/rewards/reward-fit.ts';
import { RewardFitProgressSchema } from '../../method/rewards/reward-fit-progress.ts';
import { rewardNetworkConfig } from '../../method/rewards/reward-network.ts';
import type { TripleSource } from '../../method/rewards/triple-windows.ts';
import { findArtefact } from '../../storage/artefacts.ts';
import { findJson, writeJson } from '../artefacts/json-artefact.ts';
import { storeNetwork } from '../artefacts/networks.ts';
import type { ActivityContext } from '../context.ts';
import { attemptFolder, withRates } from '../training/attempt.ts';
import { type CurvePoint, type ResumableTraining, trainResumably } from '../training/train-resumably.ts';

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

export interface FitKeys {
  readonly network: string;
  /** The document of the finished fit. */
  readonly fit: string;
  /** Prefix of the checkpoints, ending in a slash. */
  readonly training: string;
}

export interface NetworkFit {
  /** Name of the activity, for the log. */
  readonly activity: string;
  readonly kind: Extract<NetworkKind, 'anatomical-reward' | 'landmark-reward'>;
  readonly keys: FitKeys;
  readonly triples: TripleSource & { readonly references: readonly ArtefactRef[] };
  readonly fit: RewardFitConfig;
  readonly config: RunConfig;
  /** Stream of the first weights. */
  readonly random: RandomStream;
  /** What the fit is made from beside its triples. */
  readonly inputs: readonly ArtefactRef[];
  readonly rateFactor: number | undefined;
}

export interface StoredFit {
  readonly network: ArtefactRef;
  readonly curve: ArtefactRef;
  readonly fitted: z.infer<typeof FitSchema>;
}

/** The fit when it is complete. */
export async function findFit(context: ActivityContext, keys: FitKeys): Promise<StoredFit | undefined> {
  const present = await findJson(context, keys.fit, FitSchema);
  const network = present && (await findArtefact(context.store, keys.network));
  return present && network && { network, curve: present.reference, fitted: present.value };
}

/** Fits a new network and stores it; the triples stay the caller's. */
export async function fitNetwork(task: NetworkFit, context: ActivityContext): Promise<StoredFit> {
  const { activity, kind, keys, triples, fit, config, random, inputs, rateFactor } = task;
  const network = UNet3D.initialise(rewardNetworkConfig(config.network), random);
  try {
    const rewardFit = new RewardFit({
      network,
      triples,
      config: withRates(fit, ['learningRate'], rateFactor),
      seed: config.seed,
      windowFrames: config.inference.windowFrames,
    });
    try {
      const trained = await trainResumably(
        {
          activity,
          folder: attemptFolder(keys.training, rateFactor),
          checkpointEverySteps: config.pretraining.checkpointEverySteps,
          inputs,
          training: resumable(rewardFit, fit.epochs),
        },
        context,
      );
      const report = rewardFit.report!;
      const temperature = String(report.temperature);
      const madeFrom = [...inputs, ...triples.references];
      const stored = await storeNetwork(context, keys.network, network, kind, madeFrom, { temperature });
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
      const curve = await writeJson(context, keys.fit, document, [stored]);
      await trained.clearCheckpoints();
      return { network: stored, curve, fitted: document };
    } finally {
      rewardFit.dispose();
    }
  } finally {
    network.dispose();
  }
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
