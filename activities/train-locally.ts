/**
 * One worker's part of a local-SGD round (method.md 7): PPO on its shard of the videos from the weights that all
 * workers start from.
 */
import type { TrainLocallyInput, TrainLocallyResult } from '../contracts/activities.ts';
import { planPart } from '../decisions/local-sgd-rounds.ts';
import { sweepOf } from '../decisions/plan.ts';
import { withDisposables } from '../ground/disposables.ts';
import { encodeSafetensors } from '../method/networks/safetensors.ts';
import { FineTune } from '../method/ppo/fine-tune.ts';
import { shardOfWorker } from '../method/scale-out/shard-of-worker.ts';
import { partOf, withMomentsOf } from '../method/scale-out/worker-part.ts';
import { writeBytes } from './artefacts/binary-artefact.ts';
import { readArrays } from './artefacts/networks.ts';
import { readRun } from './artefacts/run-facts.ts';
import { activityKeys } from './artefacts/run-keys.ts';
import type { ActivityContext } from './context.ts';
import { LocalTrainingSchema } from './fine-tuning/documents.ts';
import { fineTuneInputs, fineTuneOptions, loadLearners } from './fine-tuning/learners.ts';
import { roundFolder } from './training/attempt.ts';
import { findFinished } from './training/finished-training.ts';
import { trainResumably } from './training/train-resumably.ts';

export async function trainLocally(
  input: TrainLocallyInput,
  context: ActivityContext,
): Promise<TrainLocallyResult> {
  const { iteration, round, worker, before } = input;
  const folder = activityKeys.localTraining(roundFolder(input), worker);
  const localKey = `${folder}local.safetensors`;
  const document = { key: `${folder}curve.json`, schema: LocalTrainingSchema };
  const finished = await findFinished(context, document, { local: localKey });
  if (finished) return { local: finished.made.local, curve: finished.curve, steps: finished.document.steps };

  const facts = await readRun(input, context);
  const { config, plan } = facts;
  return withDisposables(async (keep) => {
    const learners = await loadLearners(input, facts, context, keep);
    const sweep = sweepOf(plan, iteration);
    const videos = shardOfWorker(sweep, worker, config.localSgd.workers);
    const { ppo, ...around } = planPart(config, sweep.length, input);
    const options = await fineTuneOptions({ input, facts, learners, videos, ppo }, context);
    const stream = ['round', round, 'worker', worker];
    const training = keep(new FineTune({ ...options, ...around, stream }));
    const { arrays: start, progress } = training.state();
    if (before)
      training.restore({ arrays: withMomentsOf(await readArrays(context, before), start), progress });
    const inputs = fineTuneInputs(input);
    const { checkpointEverySteps } = config.training;
    const task = { activity: 'trainLocally', folder, checkpointEverySteps, inputs, training };
    const { steps, curve: points, conclude } = await trainResumably(task, context);
    const part = encodeSafetensors(partOf(start, training.state().arrays), { kind: 'local-training' });
    const local = await writeBytes(context, localKey, part, inputs);
    const { rollbacks } = training.progress;
    const curve = await conclude(document.key, { steps, rollbacks, points }, [local]);
    return { local, curve, steps };
  });
}
