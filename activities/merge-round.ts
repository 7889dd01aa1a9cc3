/**
 * The end of a local-SGD round (method.md 7): the workers' weight deltas are averaged, the outer step is taken, and the policy that it
 * leads to is rated on the validation videos. Policy and critic are averaged; the moments of the workers' optimisers are not.
 */
import type { z } from 'zod';
import type { MergeRoundInput, MergeRoundResult, RatedPolicy } from '../contracts/activities.ts';
import type { ArtefactRef } from '../ground/artefact-ref.ts';
import type { NamedArrays } from '../method/networks/named-arrays.ts';
import { takeArrays, withPrefix } from '../method/networks/prefixed-arrays.ts';
import { encodeSafetensors } from '../method/networks/safetensors.ts';
import type { UNet3D } from '../method/networks/unet3d.ts';
import { interpolateWeights } from '../method/ppo/interpolation.ts';
import { meanPolicyReward } from '../method/ppo/policy-reward.ts';
import { resultShareAt } from '../method/ppo/schedules.ts';
import { averageDeltas, outerStep } from '../method/scale-out/outer-step.ts';
import { findArtefact, writeArtefact } from '../storage/artefacts.ts';
import { findJson, readJson, writeJson } from './artefacts/json-artefact.ts';
import { loadNetwork, policySettings, readArrays, storeNetwork } from './artefacts/networks.ts';
import { type RunFacts, readRun } from './artefacts/run-facts.ts';
import { activityKeys } from './artefacts/run-keys.ts';
import { type ActivityContext, breathe, logWork } from './context.ts';
import { LocalTrainingSchema, RoundSchema } from './fine-tuning/documents.ts';
import { criticOf } from './fine-tuning/learners.ts';
import { loadPolicyRewards, rewardInputs } from './rewards/policy-rewards.ts';
import { attemptFolder } from './training/attempt.ts';
import type { CurvePoint } from './training/train-resumably.ts';
import { shelveVideos } from './videos/shelve-videos.ts';
import { VideoShelf, windowsFrom } from './videos/video-shelf.ts';

export async function mergeRound(
  input: MergeRoundInput,
  context: ActivityContext,
): Promise<MergeRoundResult> {
  const { run, iteration, round, rateFactor } = input;
  const rounds = attemptFolder(activityKeys.rounds(run, iteration), rateFactor);
  const folder = activityKeys.round(rounds, round);
  const keyOf = (name: string): string => `${folder}${name}.safetensors`;
  const present = await findJson(context, `${folder}round.json`, RoundSchema);
  if (present) {
    const [policy, critic, momentum] = await Promise.all(
      ['policy', 'critic', 'momentum'].map((name) => findArtefact(context.store, keyOf(name))),
    );
    if (policy && critic && momentum)
      return { policy, critic, momentum, best: present.value.best, curve: present.reference };
  }

  const facts = await readRun(input, context);
  const { config } = facts;
  const inputs = [
    input.config,
    input.plan,
    input.policy,
    ...(input.critic ? [input.critic] : []),
    ...(input.momentum ? [input.momentum] : []),
    ...input.locals.map(({ local }) => local),
  ];
  const policy = await loadNetwork(context, input.policy, 'policy');
  let critic: UNet3D | undefined;
  try {
    critic = await criticOf(input, facts, context);
    const startReward = input.best ? undefined : await rate(policy, input, facts, context);
    const momenta = await takeOuterStep({ policy, critic }, input, facts, context);
    const settings = policySettings(config);
    const merged = await storeNetwork(context, keyOf('policy'), policy, 'policy', inputs, settings);
    const mergedCritic = await storeNetwork(context, keyOf('critic'), critic, 'critic', inputs);
    const momentum = await writeArtefact(
      context.store,
      keyOf('momentum'),
      encodeSafetensors(momenta, { kind: 'outer-momentum' }),
      { inputs, codeVersion: context.codeVersion, mediaType: 'application/octet-stream' },
    );
    const { points, rollbacks } = await curveOf(input, context);
    const candidate = await takeCandidate(policy, merged, keyOf('candidate'), input, facts, context);
    const reward = await rate(policy, input, facts, context);
    if (reward !== undefined) points[points.length - 1] = { ...points.at(-1)!, validationReward: reward };
    const before: RatedPolicy | undefined =
      input.best ??
      (startReward === undefined ? undefined : { policy: input.policy, validationReward: startReward });
    // Without validation videos the last policy is the result, and the reward of its last windows what is known of it.
    const now: RatedPolicy = { policy: candidate, validationReward: reward ?? points.at(-1)?.reward ?? 0 };
    const best = before && reward !== undefined && before.validationReward >= reward ? before : now;
    const document: z.infer<typeof RoundSchema> = { best: { ...best }, rollbacks, points };
    const madeFrom = [merged, mergedCritic, ...rewardInputs(input.reward)];
    const curve = await writeJson(context, `${folder}round.json`, document, madeFrom);
    logWork(context, 'mergeRound', folder);
    return { policy: merged, critic: mergedCritic, momentum, best, curve };
  } finally {
    policy.dispose();
    critic?.dispose();
  }
}

/** Moves both networks; gives the momenta for the next round. */
async function takeOuterStep(
  networks: { readonly policy: UNet3D; readonly critic: UNet3D },
  { locals, momentum }: MergeRoundInput,
  { config }: RunFacts,
  context: ActivityContext,
): Promise<NamedArrays> {
  const { outerLearningRate, outerMomentum } = config.localSgd;
  const made = await Promise.all(locals.map(({ local }) => readArrays(context, local)));
  const before = momentum && (await readArrays(context, momentum));
  const momenta: NamedArrays[] = [];
  for (const name of ['policy', 'critic'] as const) {
    const step = outerStep(
      networks[name].toArrays(),
      averageDeltas(made.map((arrays) => takeArrays(`${name}Delta`, arrays))),
      before && takeArrays(name, before),
      { learningRate: outerLearningRate, momentum: outerMomentum },
    );
    networks[name].assign(step.weights);
    momenta.push(withPrefix(name, step.momentum));
  }
  return Object.assign({}, ...momenta);
}

/** Moves the policy to where the fine-tuning would end with it now (`ppo.resultShare`), and says where that is stored. */
async function takeCandidate(
  policy: UNet3D,
  merged: ArtefactRef,
  key: string,
  input: MergeRoundInput,
  { config }: RunFacts,
  context: ActivityContext,
): Promise<ArtefactRef> {
  const share = resultShareAt(config.ppo, input.iteration);
  if (share === 1) return merged;
  const start = await readArrays(context, input.start);
  policy.assign(interpolateWeights(start, policy.toArrays(), share));
  return storeNetwork(context, key, policy, 'policy', [input.start, merged], policySettings(config));
}

/** Mean reward on the validation videos, not scaled per frame; nothing without such videos. */
async function rate(
  policy: UNet3D,
  { run, reward }: MergeRoundInput,
  { config, plan }: RunFacts,
  context: ActivityContext,
): Promise<number | undefined> {
  const videos = plan.validation.flat().slice(0, config.ppo.validationVideos);
  if (videos.length === 0) return undefined;
  const shelf = new VideoShelf();
  const rewards = await loadPolicyRewards(context, reward, config);
  try {
    const held = { run, dataset: config.target, videos, labelled: false, config };
    const { usable } = await shelveVideos(shelf, held, context);
    const rated = meanPolicyReward(policy, rewards.validation, windowsFrom(shelf, usable), {
      videos: usable.length,
      windowFrames: config.inference.windowFrames,
    });
    await breathe(context);
    return rated;
  } finally {
    rewards.dispose();
    shelf.dispose();
  }
}

/** The curves of the workers as one. */
async function curveOf(
  { locals, round }: MergeRoundInput,
  context: ActivityContext,
): Promise<{ points: CurvePoint[]; rollbacks: number }> {
  const curves = await Promise.all(locals.map(({ curve }) => readJson(context, curve, LocalTrainingSchema)));
  const longest = Math.max(...curves.map(({ points }) => points.length));
  const points = Array.from({ length: longest }, (_, index): CurvePoint => {
    const there = curves.map(({ points: all }) => all[index]).filter((point) => point !== undefined);
    const names = Object.keys(there[0]!).filter((name) => there.every((point) => point[name] !== undefined));
    const means = names.map((name) => [
      name,
      there.reduce((sum, point) => sum + point[name]!, 0) / there.length,
    ]);
    return { ...Object.fromEntries(means), step: (round - 1) * longest + index + 1 };
  });
  return { points, rollbacks: curves.reduce((sum, { rollbacks }) => sum + rollbacks, 0) };
}
