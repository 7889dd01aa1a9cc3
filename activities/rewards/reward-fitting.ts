/** The fit that all reward networks share (method.md 5.1 to 5.3), resumable, with what is stored of it. */
import { z } from 'zod';
import type { RewardFitConfig, RunConfig } from '../../contracts/run-config.ts';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import { withDisposables } from '../../ground/disposables.ts';
import { type RandomStream, randomStream } from '../../ground/random.ts';
import type { NetworkKind } from '../../method/networks/network-checkpoint.ts';
import { UNet3D } from '../../method/networks/unet3d.ts';
import { RewardFit } from '../../method/rewards/reward-fit.ts';
import type { RewardFitProgress } from '../../method/rewards/reward-fit-progress.ts';
import { rewardNetworkConfig } from '../../method/rewards/reward-network.ts';
import type { TripleSource } from '../../method/windows/triple-windows.ts';
import { loadNetwork, storeNetwork } from '../artefacts/networks.ts';
import type { ActivityContext } from '../context.ts';
import { attemptFolder, withRates } from '../training/attempt.ts';
import { CurvePointsSchema, findFinished } from '../training/finished-training.ts';
import { type CurvePoint, trainResumably } from '../training/train-resumably.ts';

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
  points: CurvePointsSchema,
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
  /** Makes the network before the fit. */
  readonly first: () => UNet3D;
  /** What the fit is made from beside its triples. */
  readonly inputs: readonly ArtefactRef[];
  readonly rateFactor: number | undefined;
  /** Where several workers trained it (method.md 7): its best weights, which are calibrated and no longer trained. */
  readonly trained?: TrainedInRounds | undefined;
}

export interface TrainedInRounds {
  readonly network: ArtefactRef;
  /** After the last round. */
  readonly progress: RewardFitProgress;
  /** Of all rounds, in order. */
  readonly points: readonly CurvePoint[];
}

export interface StoredFit {
  readonly network: ArtefactRef;
  readonly curve: ArtefactRef;
  readonly fitted: z.infer<typeof FitSchema>;
}

/** The fit when it is complete. */
export async function findFit(context: ActivityContext, keys: FitKeys): Promise<StoredFit | undefined> {
  const document = { key: keys.fit, schema: FitSchema };
  const finished = await findFinished(context, document, { network: keys.network });
  return finished && { network: finished.made.network, curve: finished.curve, fitted: finished.document };
}

/** A reward network of the run that was not fitted. */
export function newRewardNetwork({ network }: RunConfig, random: RandomStream): UNet3D {
  return UNet3D.initialise(rewardNetworkConfig(network), random);
}

/** The anatomical one before an iteration's fit. */
export function firstRewardNetwork(config: RunConfig, iteration: number): UNet3D {
  return newRewardNetwork(config, randomStream(config.seed, 'reward-network', iteration));
}

/** Fits a new network and stores it; the triples stay the caller's. */
export async function fitNetwork(task: NetworkFit, context: ActivityContext): Promise<StoredFit> {
  const { activity, kind, keys, triples, fit, config, inputs, rateFactor, trained } = task;
  return withDisposables(async (keep) => {
    const network = keep(trained ? await loadNetwork(context, trained.network, kind) : task.first());
    const training = keep(
      new RewardFit({
        network,
        triples,
        config: withRates(fit, ['learningRate'], rateFactor),
        seed: config.seed,
        windowFrames: config.training.windowFrames,
      }),
    );
    if (trained) training.restore({ ...training.state(), progress: trained.progress });
    const folder = attemptFolder(keys.training, rateFactor);
    const steps = { activity, folder, cadence: config.training, inputs, training };
    const fitted = await trainResumably(steps, context);
    const report = training.report!;
    const settings = { temperature: String(report.temperature) };
    const madeFrom = [...inputs, ...(trained ? [trained.network] : []), ...triples.references];
    const stored = await storeNetwork(context, keys.network, { network, kind, settings }, madeFrom);
    const document = FitSchema.parse({
      temperature: report.temperature,
      validationLoss: report.validationLoss,
      testLoss: report.testLoss,
      calibrationError: finiteOrNull(report.calibrationError),
      calibrationErrorUnscaled: finiteOrNull(report.calibrationErrorUnscaled),
      triples: triples.count,
      steps: fitted.steps,
      points: trained ? numbered([...trained.points, ...fitted.curve]) : fitted.curve,
    });
    const curve = await fitted.conclude(keys.fit, document, [stored]);
    return { network: stored, curve, fitted: document };
  });
}

/** Workers count steps of their own. */
function numbered(points: readonly CurvePoint[]): CurvePoint[] {
  return points.map((point, index) => ({ ...point, step: index + 1 }));
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
