/**
 * One worker's part of a local-SGD round (method.md 7): steps on its shard, from the weights that all workers start
 * from and with the moments that its own optimisers ended the round before with.
 */
import type { TrainLocallyInput, TrainLocallyResult } from '../contracts/round-activities.ts';
import { type Keep, withDisposables } from '../ground/disposables.ts';
import { encodeSafetensors } from '../method/networks/safetensors.ts';
import { partOf, withMomentsOf } from '../method/scale-out/worker-part.ts';
import { writeBytes } from './artefacts/binary-artefact.ts';
import { readArrays } from './artefacts/networks.ts';
import { type RunFacts, readRun } from './artefacts/run-facts.ts';
import { activityKeys } from './artefacts/run-keys.ts';
import type { ActivityContext } from './context.ts';
import { LocalTrainingSchema } from './rounds/documents.ts';
import { fineTuningOfWorker } from './rounds/fine-tuning-in-rounds.ts';
import { pretrainingOfWorker } from './rounds/pretraining-in-rounds.ts';
import { rewardFitOfWorker } from './rounds/reward-fit-in-rounds.ts';
import { roundFolder } from './rounds/round-keys.ts';
import type { WorkerTraining } from './rounds/worker-training.ts';
import { findFinished } from './training/finished-training.ts';
import { trainResumably } from './training/train-resumably.ts';

export async function trainLocally(
  input: TrainLocallyInput,
  context: ActivityContext,
): Promise<TrainLocallyResult> {
  const folder = activityKeys.localTraining(roundFolder(input), input.worker);
  const localKey = `${folder}local.safetensors`;
  const document = { key: `${folder}curve.json`, schema: LocalTrainingSchema };
  const finished = await findFinished(context, document, { local: localKey });
  if (finished) return { local: finished.made.local, curve: finished.curve, steps: finished.document.steps };

  const facts = await readRun(input, context);
  return withDisposables(async (keep) => {
    const { training, inputs, known } = await trainingOf(input, facts, context, keep);
    const { arrays: start, progress } = training.state();
    if (input.before)
      training.restore({ arrays: withMomentsOf(await readArrays(context, input.before), start), progress });
    const task = { activity: 'trainLocally', folder, cadence: facts.config.training, inputs, training };
    const { curve: points, conclude } = await trainResumably(task, context);
    const part = encodeSafetensors(partOf(start, training.state().arrays), { kind: 'local-training' });
    const local = await writeBytes(context, localKey, part, inputs);
    const steps = points.length;
    const curve = await conclude(document.key, { steps, ...known(), points }, [local]);
    return { local, curve, steps };
  });
}

function trainingOf(
  input: TrainLocallyInput,
  facts: RunFacts,
  context: ActivityContext,
  keep: Keep,
): Promise<WorkerTraining> {
  switch (input.training) {
    case 'reward-fit':
      return rewardFitOfWorker(input, facts, context, keep);
    case 'pretraining':
      return pretrainingOfWorker(input, facts, context, keep);
    default:
      return fineTuningOfWorker(input, facts, context, keep);
  }
}
