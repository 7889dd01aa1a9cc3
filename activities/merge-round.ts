/**
 * The end of a local-SGD round (method.md 7): the workers' weight deltas are averaged, the outer step is taken, and
 * what it leads to is judged as the training would judge it. The moments of the workers' optimisers are not averaged.
 */
import { policySettings } from '../contracts/policy-settings.ts';
import type { MergedNetworks, MergeRoundInput, MergeRoundResult } from '../contracts/round-activities.ts';
import type { ArtefactRef } from '../ground/artefact-ref.ts';
import { withDisposables } from '../ground/disposables.ts';
import type { NamedArrays } from '../method/networks/named-arrays.ts';
import { encodeNetworkArrays } from '../method/networks/network-checkpoint.ts';
import { encodeSafetensors } from '../method/networks/safetensors.ts';
import type { UNet3D } from '../method/networks/unet3d.ts';
import { averageOverRounds } from '../method/scale-out/average-over-rounds.ts';
import { writeBytes } from './artefacts/binary-artefact.ts';
import { readArrays, storeNetwork } from './artefacts/networks.ts';
import { type RunFacts, readRun } from './artefacts/run-facts.ts';
import { type ActivityContext, logWork } from './context.ts';
import { mergeOfFineTuning } from './rounds/fine-tuning-in-rounds.ts';
import type { Merge } from './rounds/merge.ts';
import { takeOuterStep } from './rounds/outer-step.ts';
import { mergeOfPretraining } from './rounds/pretraining-in-rounds.ts';
import { mergeOfRewardFit } from './rounds/reward-fit-in-rounds.ts';
import { roundDocument, roundFolder } from './rounds/round-keys.ts';
import { findFinished } from './training/finished-training.ts';

export async function mergeRound(
  input: MergeRoundInput,
  context: ActivityContext,
): Promise<MergeRoundResult> {
  const facts = await readRun(input, context);
  switch (input.training) {
    case 'reward-fit':
      return merge(input, mergeOfRewardFit(input, facts, context), facts, context);
    case 'pretraining':
      return merge(input, mergeOfPretraining(input, facts, context), facts, context);
    default:
      return merge(input, mergeOfFineTuning(input, facts, context), facts, context);
  }
}

type Name = keyof MergedNetworks | 'average' | 'momentum';

async function merge<Document>(
  input: MergeRoundInput,
  { networks, averageDecay, schema, told, judge, inputs: own }: Merge<Document>,
  { config }: RunFacts,
  context: ActivityContext,
): Promise<MergeRoundResult> {
  const folder = roundFolder(input);
  const keyOf = (name: string): string => `${folder}${name}.safetensors`;
  const names: Name[] = [...networks.map(({ name }) => name), 'momentum'];
  if (averageDecay > 0) names.push('average');
  const keys = Object.fromEntries(names.map((name) => [name, keyOf(name)])) as Record<Name, string>;
  const finished = await findFinished(context, { key: roundDocument(input), schema }, keys);
  if (finished) return { ...finished.made, ...told(finished.document), curve: finished.curve };

  return withDisposables(async (keep) => {
    const loaded = new Map<keyof MergedNetworks, UNet3D>();
    for (const { name, load } of networks) loaded.set(name, keep(await load()));
    const policy = loaded.get('policy');
    const before = policy && averageDecay > 0 ? await averageBefore(input, policy, context) : undefined;
    const momenta = await takeOuterStep(loaded, input, config.localSgd, context);
    const inputs = [...own, ...inputsOf(input)];
    const stored: Partial<Record<Name, ArtefactRef>> = {};
    for (const { name, load: _, ...about } of networks) {
      const toStore = { network: loaded.get(name)!, ...about };
      stored[name] = await storeNetwork(context, keys[name], toStore, inputs);
    }
    const packed = encodeSafetensors(momenta, { kind: 'outer-momentum' });
    const momentum = await writeBytes(context, keys.momentum, packed, inputs);
    if (policy && before) {
      const arrays = averageOverRounds(before, policy.toArrays(), averageDecay, stepsOf(input));
      const average = encodeNetworkArrays(policy.config, arrays, 'policy', policySettings(config));
      stored.average = await writeBytes(context, keys.average, average, inputs);
    }
    const made = [...Object.values(stored), momentum];
    const merged = { networks: Object.fromEntries(loaded), stored, made };
    const { document, curve } = await judge(merged, keep);
    logWork(context, 'mergeRound', folder);
    return { ...stored, momentum, ...told(document), curve };
  });
}

function inputsOf(input: MergeRoundInput): ArtefactRef[] {
  const { config, plan, momentum, locals } = input;
  const outer = [momentum, averageOf(input)].filter((part) => part !== undefined);
  return [config, plan, ...outer, ...locals.map(({ local }) => local)];
}

/** After the round before. */
function averageOf(input: MergeRoundInput): ArtefactRef | undefined {
  return 'average' in input ? input.average : undefined;
}

/** The average begins at the weights that the training starts from. */
async function averageBefore(
  input: MergeRoundInput,
  policy: UNet3D,
  context: ActivityContext,
): Promise<NamedArrays> {
  const average = averageOf(input);
  return average ? readArrays(context, average) : policy.toArrays();
}

/** Of all workers together; every round has as many. */
function stepsOf({ locals, round }: MergeRoundInput) {
  const during = locals.reduce((sum, { steps }) => sum + steps, 0);
  return { before: (round - 1) * during, during };
}
