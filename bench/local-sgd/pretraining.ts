/** Pretraining by one worker and in rounds: the supervised loss on annotated source videos that are held out. */
import * as tf from '@tensorflow/tfjs-core';
import { loadNetwork } from '../../activities/artefacts/networks.ts';
import { type RunFacts, readRun } from '../../activities/artefacts/run-facts.ts';
import type { ActivityContext } from '../../activities/context.ts';
import { pretrainPolicy } from '../../activities/pretrain-policy.ts';
import { trainingVideos } from '../../activities/videos/usable-videos.ts';
import type { RunInput } from '../../contracts/training-activities.ts';
import { planRounds } from '../../decisions/local-sgd-rounds.ts';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import { supervisedLoss } from '../../method/networks/supervised-loss.ts';
import { imageWindow, labelWindow } from '../../method/windows/training-windows.ts';
import { type LocalSgdRow, type Rated, timed, timedRounds } from './timed-rounds.ts';

/** The policy, and its row; a rating on the way would be that of another schedule, so there is one at the end alone. */
export async function pretrainedByOne(
  refs: RunInput,
  context: ActivityContext,
): Promise<{ readonly policy: ArtefactRef; readonly row: LocalSgdRow }> {
  const { result, seconds } = await timed(() => pretrainPolicy(refs, context));
  const { policy, steps } = result;
  const validation = await validationLoss(policy, refs, context);
  const row = { training: 'pretraining', workers: 1, step: steps, validation } as const;
  return { policy, row: { ...row, windowsPerSecond: steps / seconds } };
}

/** After each round, of the average over the rounds where the configuration asks for one. */
export async function pretrainedInRounds(
  refs: RunInput,
  context: ActivityContext,
): Promise<readonly LocalSgdRow[]> {
  const { localSgd, pretraining } = (await readRun(refs, context)).config;
  const { workers } = localSgd;
  const plan = planRounds(localSgd, pretraining.steps);
  const task = { start: { ...refs, training: 'pretraining' } as const, workers, ...plan };
  const { rounds, windows, seconds } = await timedRounds(task, context);
  const rated: Rated[] = [];
  for (const [index, { merged }] of rounds.entries()) {
    const validation = await validationLoss((merged.average ?? merged.policy)!, refs, context);
    rated.push({ step: (index + 1) * plan.steps, validation });
  }
  return rated.map((one) => ({
    ...{ training: 'pretraining', workers },
    ...one,
    windowsPerSecond: windows / seconds,
  }));
}

/** Mean over the held-out videos of the loss of their first window. */
async function validationLoss(
  reference: ArtefactRef,
  refs: RunInput,
  context: ActivityContext,
): Promise<number> {
  const { config, plan }: RunFacts = await readRun(refs, context);
  const { windowFrames } = config.training;
  const held = { run: refs.run, dataset: config.source, videos: plan.source.validation, config };
  const { windows } = await trainingVideos({ ...held, labelled: true }, context);
  const policy = await loadNetwork(context, reference, 'policy');
  let sum = 0;
  for (let video = 0; video < windows.count; video++) {
    const place = { video, startFrame: 0 };
    await windows.fetch([place], windowFrames);
    sum += tf.tidy(() => {
      const logits = policy.forward(imageWindow(windows, place, windowFrames));
      return supervisedLoss(logits, labelWindow(windows, place, windowFrames)).loss.dataSync()[0]!;
    });
  }
  policy.dispose();
  return sum / windows.count;
}
