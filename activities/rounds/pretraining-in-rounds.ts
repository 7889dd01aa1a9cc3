/** Pretraining in local-SGD rounds (method.md 7): on a worker's shard of the source, and the merged policy. */
import { policySettings } from '../../contracts/policy-settings.ts';
import type {
  PretrainingMerge,
  PretrainingPart,
  PretrainingStart,
} from '../../contracts/round-activities.ts';
import { planPretrainingPart } from '../../decisions/local-sgd-rounds.ts';
import type { Keep } from '../../ground/disposables.ts';
import type { UNet3D } from '../../method/networks/unet3d.ts';
import { Pretraining } from '../../method/pretraining/pretraining.ts';
import { shardOfWorker } from '../../method/scale-out/shard-of-worker.ts';
import { writeJson } from '../artefacts/json-artefact.ts';
import { loadNetwork } from '../artefacts/networks.ts';
import type { RunFacts } from '../artefacts/run-facts.ts';
import type { ActivityContext } from '../context.ts';
import { firstPolicy, pretrainingOptions } from '../pretraining/pretraining-material.ts';
import { refuseEmptyTraining } from '../videos/refuse-empty-training.ts';
import { type PretrainingRound, PretrainingRoundSchema } from './documents.ts';
import type { Merge } from './merge.ts';
import { readParts } from './round-curve.ts';
import { roundDocument } from './round-keys.ts';
import type { WorkerTraining } from './worker-training.ts';

/** Supervised training on the worker's shard of the source's videos. */
export async function pretrainingOfWorker(
  input: PretrainingPart,
  facts: RunFacts,
  context: ActivityContext,
  keep: Keep,
): Promise<WorkerTraining> {
  const { config, plan } = facts;
  const { worker } = input;
  const { workers } = config.localSgd;
  const policy = keep(await policyOfRound(input, facts, context));
  const videos = shardOfWorker(plan.source.train, worker, workers);
  const { config: pretraining, ...around } = planPretrainingPart(config, input);
  const task = { input, config, policy, videos, isShard: true, pretraining };
  const { options, quarantined } = await pretrainingOptions(task, context);
  const training = keep(new Pretraining({ ...options, part: { worker, workers, ...around } }));
  return { training, inputs: pretrainingInputs(input), known: () => ({ quarantined }) };
}

/** The policy is averaged, and over the rounds where an average is asked for; nobody rates it on the way. */
export function mergeOfPretraining(
  input: PretrainingMerge,
  facts: RunFacts,
  context: ActivityContext,
): Merge<PretrainingRound> {
  const { config } = facts;
  const load = () => policyOfRound(input, facts, context);
  return {
    networks: [{ name: 'policy', kind: 'policy', settings: policySettings(config), load }],
    averageDecay: config.pretraining.averageDecay,
    inputs: input.policy ? [input.policy] : [],
    schema: PretrainingRoundSchema,
    told: () => ({}),
    async judge({ made }) {
      const { points, quarantined = 0 } = await readParts(input, context);
      const { train } = facts.plan.source;
      refuseEmptyTraining(
        config.source,
        train.length,
        train.length - quarantined,
        config.sweep.maxQuarantinedShare,
      );
      const document = { quarantined, points };
      return { document, curve: await writeJson(context, roundDocument(input), document, made) };
    },
  };
}

async function policyOfRound(
  { policy }: Pick<PretrainingStart, 'policy'>,
  { config }: RunFacts,
  context: ActivityContext,
): Promise<UNet3D> {
  return policy ? loadNetwork(context, policy, 'policy') : firstPolicy(config);
}

function pretrainingInputs({ config, plan, policy, before }: PretrainingPart) {
  return [config, plan, ...[policy, before].filter((part) => part !== undefined)];
}
