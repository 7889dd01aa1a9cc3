/** Stages of a run, one after the other in this process: what it starts with, and those that go over shards. */
import type { ActivityContext } from '../../activities/context.ts';
import { fitLinearShapes } from '../../activities/fit-linear-shapes.ts';
import { fitShapeAutoencoder } from '../../activities/fit-shape-autoencoder.ts';
import { labelShard } from '../../activities/label-shard.ts';
import { planRun } from '../../activities/plan-run.ts';
import { predictShard } from '../../activities/predict-shard.ts';
import { scoreShard } from '../../activities/score-shard.ts';
import { summariseEvaluation } from '../../activities/summarise-evaluation.ts';
import type { LabelCounts, RunPlan } from '../../contracts/messages.ts';
import type { EvaluationNumbers, PolicyResult } from '../../contracts/results.ts';
import type { RunConfig } from '../../contracts/run-config.ts';
import type { RunInput } from '../../contracts/training-activities.ts';
import { addLabels, noLabels } from '../../decisions/label-counts.ts';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';

/** Plans the run, and fits the shapes by which its segmentations are completed, where they are. */
export async function startRun(
  context: ActivityContext,
  run: string,
  config: RunConfig,
): Promise<{ refs: RunInput; plan: RunPlan }> {
  const plan = await planRun({ run, config }, context);
  const refs = { run, config: plan.config, plan: plan.plan };
  if (config.inference.completion.enabled) await fitLinearShapes(refs, context);
  return { refs, plan };
}

/** Where the configuration asks for one. */
export async function fitAutoencoder(
  refs: RunInput,
  { autoencoder }: Pick<RunConfig, 'autoencoder'>,
  context: ActivityContext,
): Promise<ArtefactRef | undefined> {
  return autoencoder.enabled ? (await fitShapeAutoencoder(refs, context)).autoencoder : undefined;
}

type SweepInput = RunInput & { readonly iteration: number; readonly policy: ArtefactRef };

/** Predicts the videos of the iteration's sweep with the policy. */
export async function predictSweep(
  input: SweepInput,
  plan: RunPlan,
  context: ActivityContext,
): Promise<void> {
  for (let shard = 0; shard < plan.sweeps[input.iteration - 1]!.shards; shard++) {
    await predictShard({ ...input, split: 'target', shard }, context);
  }
}

/** Predicts the videos of the iteration with the policy and labels what it predicted. */
export async function labelSweep(
  input: SweepInput,
  plan: RunPlan,
  autoencoder: ArtefactRef | undefined,
  context: ActivityContext,
): Promise<LabelCounts> {
  await predictSweep(input, plan, context);
  let labels = noLabels;
  for (let shard = 0; shard < plan.sweeps[input.iteration - 1]!.shards; shard++) {
    const shardInput = { ...input, split: 'target' as const, shard };
    const { counts } = await labelShard({ ...shardInput, ...(autoencoder && { autoencoder }) }, context);
    labels = addLabels(labels, counts);
  }
  return labels;
}

/** Scores the policy on validation and test videos. */
export async function scorePolicy(
  refs: RunInput,
  iteration: number,
  policy: ArtefactRef,
  plan: RunPlan,
  context: ActivityContext,
): Promise<PolicyResult & { readonly test: EvaluationNumbers }> {
  for (const split of ['validation', 'test'] as const) {
    for (let shard = 0; shard < plan[split].shards; shard++) {
      const input = { ...refs, iteration, split, shard };
      await predictShard({ ...input, policy }, context);
      await scoreShard(input, context);
    }
  }
  const { test, ...evaluated } = await summariseEvaluation({ ...refs, iteration }, context);
  if (!test) throw new Error('The benchmark needs labelled test videos.');
  return { iteration, policy, ...evaluated, test };
}
