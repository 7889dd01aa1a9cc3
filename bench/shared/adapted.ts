/** The stages of a run on phantoms, one after the other in this process, and the policies of them as files. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ActivityContext } from '../../activities/context.ts';
import { fineTunePolicy } from '../../activities/fine-tune-policy.ts';
import { fitLandmarkReward } from '../../activities/fit-landmark-reward.ts';
import { fitRewardNetwork } from '../../activities/fit-reward-network.ts';
import { pretrainPolicy } from '../../activities/pretrain-policy.ts';
import { ratePolicy } from '../../activities/rate-policy.ts';
import { selectBest } from '../../activities/select-best.ts';
import type { RatePolicyResult } from '../../contracts/activities.ts';
import type { RewardModel } from '../../contracts/messages.ts';
import type { RunConfig } from '../../contracts/run-config.ts';
import { iterationStart } from '../../decisions/iteration-start.ts';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import { readArtefact } from '../../storage/artefacts.ts';
import type { NamedPolicy } from './named-policies.ts';
import { openPhantoms, quickstartCounts } from './phantoms.ts';
import { fitAutoencoder, labelSweep, scorePolicy, startRun } from './stages.ts';

export interface AdaptedPolicies {
  /** `source`, `iteration 1`, ..., and `kept`, the one of these that the run elects without labels. */
  readonly policies: readonly NamedPolicy[];
  /** Reward networks of the last iteration. */
  readonly rewards: readonly string[];
}

/** Two test videos, which a run wants; tables are made on others (`testPhantoms`). */
const RUN_TEST_VIDEOS = 2;

/** A whole run; its policies and reward networks are written into the folder. A tensor back end must be registered. */
export async function adaptPhantoms(
  config: RunConfig,
  folder: string,
  log: (line: string) => void,
): Promise<AdaptedPolicies> {
  mkdirSync(folder, { recursive: true });
  const { seed } = config;
  const { context, close } = await openPhantoms(seed, quickstartCounts(RUN_TEST_VIDEOS));
  try {
    const write = async (name: string, reference: ArtefactRef): Promise<string> => {
      const file = join(folder, `${name.replaceAll(' ', '-')}.safetensors`);
      writeFileSync(file, await readArtefact(context.store, reference));
      return file;
    };
    const { references, kept, reward } = await adapt(config, context, (line) => log(`seed ${seed}: ${line}`));
    const policies: NamedPolicy[] = [];
    for (const [iteration, reference] of references.entries()) {
      const name = iteration === 0 ? 'source' : `iteration ${iteration}`;
      policies.push({ name, file: await write(name, reference) });
    }
    policies.push({ name: 'kept', file: policies[kept]!.file });
    const rewards = [await write('anatomical-reward', reward.network)];
    if (reward.landmark) rewards.push(await write('landmark-reward', reward.landmark));
    return { policies, rewards };
  } finally {
    await close();
  }
}

/** The policies of all iterations, that before the first one first, and the number of the one that is kept. */
async function adapt(
  config: RunConfig,
  context: ActivityContext,
  log: (line: string) => void,
): Promise<{ references: ArtefactRef[]; kept: number; reward: RewardModel }> {
  const { refs, plan } = await startRun(context, `bench-${config.seed}`, config);
  const first = await pretrainPolicy(refs, context);
  const autoencoder = await fitAutoencoder(refs, config, context);
  const landmark = config.landmark.enabled
    ? (await fitLandmarkReward({ ...refs, policy: first.policy }, context)).landmark
    : undefined;
  const policies = [await scorePolicy(refs, 0, first.policy, plan, context)];
  log('pretrained');
  let reward: RewardModel | undefined;
  for (let iteration = 1; iteration <= config.iterations; iteration++) {
    const { policy, reference } = iterationStart(policies, config);
    const labels = await labelSweep({ ...refs, iteration, policy }, plan, autoencoder, context);
    const fitted = await fitRewardNetwork({ ...refs, iteration }, context);
    reward = { ...fitted.reward, ...(landmark && { landmark }) };
    const tuned = await fineTunePolicy({ ...refs, iteration, policy, reference, reward }, context);
    policies.push(await scorePolicy(refs, iteration, tuned.policy, plan, context));
    const { kept, corrected, rejected } = labels;
    log(
      `iteration ${iteration}: ${kept} kept, ${corrected} corrected, ${rejected} left out; ` +
        `validation reward ${tuned.validationReward?.toFixed(3)}`,
    );
  }
  if (!reward) throw new Error('A run needs an iteration.');
  const ratings: RatePolicyResult[] = [];
  for (const { iteration, policy } of policies) {
    ratings.push(await ratePolicy({ ...refs, iteration, policy, reward }, context));
  }
  const { best } = await selectBest({ ...refs, policies, ratings }, context);
  return { references: policies.map(({ policy }) => policy), kept: best.iteration, reward };
}
