/**
 * The end of a local-SGD round (method.md 7): the workers' weight deltas are averaged, the outer step is taken, and the
 * policy that it leads to is rated on the validation videos. Policy and, with the published objective, critic are
 * averaged; the moments of the workers' optimisers are not.
 */
import type { MergeRoundInput, MergeRoundResult } from '../contracts/activities.ts';
import { policySettings } from '../contracts/policy-settings.ts';
import { electLatest } from '../decisions/election.ts';
import { withDisposables } from '../ground/disposables.ts';
import { encodeSafetensors } from '../method/networks/safetensors.ts';
import { writeBytes } from './artefacts/binary-artefact.ts';
import { readJson, writeJson } from './artefacts/json-artefact.ts';
import { loadNetwork, storeNetwork } from './artefacts/networks.ts';
import { readRun } from './artefacts/run-facts.ts';
import { type ActivityContext, logWork } from './context.ts';
import { LocalTrainingSchema, type Round } from './fine-tuning/documents.ts';
import { criticOf } from './fine-tuning/learners.ts';
import { findMerged } from './fine-tuning/merged-round.ts';
import { takeCandidate, takeOuterStep } from './fine-tuning/outer-step.ts';
import { joinParts } from './fine-tuning/round-curve.ts';
import { rateStart, validationReward } from './fine-tuning/validation-reward.ts';
import { rewardInputs } from './rewards/reward-networks.ts';
import { roundDocument, roundFolder } from './training/attempt.ts';

export async function mergeRound(
  input: MergeRoundInput,
  context: ActivityContext,
): Promise<MergeRoundResult> {
  const folder = roundFolder(input);
  const keyOf = (name: string): string => `${folder}${name}.safetensors`;
  const facts = await readRun(input, context);
  const withCritic = facts.config.ppo.objective === 'published';
  const keys = { policy: keyOf('policy'), ...(withCritic && { critic: keyOf('critic') }) };
  const merged = await findMerged(context, input, { ...keys, momentum: keyOf('momentum') });
  if (merged) return merged;

  return withDisposables(async (keep) => {
    const policy = keep(await loadNetwork(context, input.policy, 'policy'));
    const critic = withCritic ? keep(await criticOf(input, facts, context)) : undefined;
    const before = input.best ?? (await rateStart(policy, input, facts, context));
    const momenta = await takeOuterStep({ policy, critic }, input, facts, context);
    const inputs = [input.config, input.plan, input.policy]
      .concat([input.critic, input.momentum].filter((part) => part !== undefined))
      .concat(input.locals.map(({ local }) => local));
    const toStore = { network: policy, kind: 'policy', settings: policySettings(facts.config) } as const;
    const stored = await storeNetwork(context, keys.policy, toStore, inputs);
    const storedCritic =
      critic && (await storeNetwork(context, keyOf('critic'), { network: critic, kind: 'critic' }, inputs));
    const packed = encodeSafetensors(momenta, { kind: 'outer-momentum' });
    const momentum = await writeBytes(context, keyOf('momentum'), packed, inputs);
    const candidate = await takeCandidate({ policy, stored }, keyOf('candidate'), input, facts, context);
    const reward = await validationReward(policy, input, facts, context);
    const parts = await Promise.all(
      input.locals.map(({ curve }) => readJson(context, curve, LocalTrainingSchema)),
    );
    const { points, rollbacks } = joinParts(parts, input.round);
    // Without validation videos the reward of the last windows is what is known of the policy.
    const now = { policy: candidate, validationReward: reward ?? points.at(-1)?.reward ?? 0 };
    const best = electLatest(before, now, reward !== undefined);
    const last = points.at(-1);
    if (last && reward !== undefined) last.validationReward = reward;
    const known: Round = { best, rollbacks, points };
    const made = [stored, ...(storedCritic ? [storedCritic] : []), ...rewardInputs(input.reward)];
    const curve = await writeJson(context, roundDocument(input), known, made);
    logWork(context, 'mergeRound', folder);
    return { policy: stored, ...(storedCritic && { critic: storedCritic }), momentum, best, curve };
  });
}
