/** Fine-tuning in local-SGD rounds (method.md 7): PPO on a worker's shard, and what becomes of the merged policy. */
import { policySettings } from '../../contracts/policy-settings.ts';
import type { FineTuningMerge, FineTuningPart } from '../../contracts/round-activities.ts';
import { electLatest } from '../../decisions/election.ts';
import { planFineTuningPart } from '../../decisions/local-sgd-rounds.ts';
import { sweepOf } from '../../decisions/plan.ts';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import type { Keep } from '../../ground/disposables.ts';
import type { UNet3D } from '../../method/networks/unet3d.ts';
import { FineTune } from '../../method/ppo/fine-tune.ts';
import { interpolateWeights } from '../../method/ppo/interpolation.ts';
import { resultShareAt } from '../../method/ppo/schedules.ts';
import { shardOfWorker } from '../../method/scale-out/shard-of-worker.ts';
import { writeJson } from '../artefacts/json-artefact.ts';
import { loadNetwork, readArrays, storeNetwork } from '../artefacts/networks.ts';
import type { RunFacts } from '../artefacts/run-facts.ts';
import type { ActivityContext } from '../context.ts';
import { criticOf, fineTuneInputs, fineTuneOptions, loadLearners } from '../fine-tuning/learners.ts';
import { rateStart, validationReward } from '../fine-tuning/validation-reward.ts';
import { rewardInputs } from '../rewards/reward-networks.ts';
import { type Round, RoundSchema } from './documents.ts';
import type { Merge, Merged, NetworkOfRound } from './merge.ts';
import { readParts } from './round-curve.ts';
import { roundDocument, roundFolder } from './round-keys.ts';
import type { WorkerTraining } from './worker-training.ts';

/** PPO on the worker's shard of the sweep's videos. */
export async function fineTuningOfWorker(
  input: FineTuningPart,
  facts: RunFacts,
  context: ActivityContext,
  keep: Keep,
): Promise<WorkerTraining> {
  const { config, plan } = facts;
  const { iteration, round, worker } = input;
  const learners = await loadLearners(input, facts, context, keep);
  const sweep = sweepOf(plan, iteration);
  const videos = shardOfWorker(sweep, worker, config.localSgd.workers);
  const { ppo, ...around } = planFineTuningPart(config, sweep.length, input);
  const options = await fineTuneOptions({ input, facts, learners, videos, isShard: true, ppo }, context);
  const stream = ['round', round, 'worker', worker];
  const training = keep(new FineTune({ ...options, ...around, stream }));
  const known = () => ({ rollbacks: training.progress.rollbacks });
  return { training, inputs: fineTuneInputs(input), known };
}

/** Policy and, with the published objective, critic are averaged; the policy is rated on the validation videos. */
export function mergeOfFineTuning(
  input: FineTuningMerge,
  facts: RunFacts,
  context: ActivityContext,
): Merge<Round> {
  const { config } = facts;
  const settings = policySettings(config);
  const loadPolicy = () => loadNetwork(context, input.policy, 'policy');
  const critic: NetworkOfRound = {
    name: 'critic',
    kind: 'critic',
    load: () => criticOf(input, facts, context),
  };
  return {
    networks: [
      { name: 'policy', kind: 'policy', settings, load: loadPolicy },
      ...(config.ppo.objective === 'published' ? [critic] : []),
    ],
    averageDecay: config.ppo.averageDecay,
    inputs: [input.policy, ...(input.critic ? [input.critic] : [])],
    schema: RoundSchema,
    told: ({ best }) => ({ best }),
    async judge({ networks, stored, made }, keep) {
      const before = input.best ?? (await rateStart(keep(await loadPolicy()), input, facts, context));
      const policy = networks.policy!;
      const candidate = await takeCandidate({ policy, stored }, input, facts, context);
      const reward = await validationReward(policy, input, facts, context);
      const { points, rollbacks = 0 } = await readParts(input, context);
      // Without validation videos the reward of the last windows is what is known of the policy.
      const now = { policy: candidate, validationReward: reward ?? points.at(-1)?.reward ?? 0 };
      const best = electLatest(before, now, reward !== undefined);
      const last = points.at(-1);
      if (last && reward !== undefined) last.validationReward = reward;
      const document: Round = { best, rollbacks, points };
      const madeOf = [...made, ...rewardInputs(input.reward)];
      return { document, curve: await writeJson(context, roundDocument(input), document, madeOf) };
    },
  };
}

/**
 * Moves the policy to where the fine-tuning would end with it now: to the average of its weights, where there is one,
 * and as far as `ppo.resultShare` says. Gives where that is stored.
 */
async function takeCandidate(
  { policy, stored }: { readonly policy: UNet3D; readonly stored: Merged['stored'] },
  input: FineTuningMerge,
  { config }: RunFacts,
  context: ActivityContext,
): Promise<ArtefactRef> {
  const learnt = stored.average ?? stored.policy!;
  if (stored.average) policy.assign(await readArrays(context, learnt));
  const share = resultShareAt(config.ppo, input.iteration);
  if (share === 1) return learnt;
  policy.assign(interpolateWeights(await readArrays(context, input.start), policy.toArrays(), share));
  const network = { network: policy, kind: 'policy', settings: policySettings(config) } as const;
  const key = `${roundFolder(input)}candidate.safetensors`;
  return storeNetwork(context, key, network, [input.start, learnt]);
}
