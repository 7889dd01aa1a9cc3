/** One training of a system that is compared: the loop of every training, timed. */
import { z } from 'zod';
import { TimedTraining } from '../../../comparison/timed-training.ts';
import type { TrainSystemInput, TrainSystemResult } from '../../../contracts/comparison-activities.ts';
import { withDisposables } from '../../../ground/disposables.ts';
import { comparisonKeys } from '../../../storage/comparison-keys.ts';
import { writeBytes } from '../../artefacts/binary-artefact.ts';
import { readRun } from '../../artefacts/run-facts.ts';
import type { ActivityContext } from '../../context.ts';
import { attemptFolder } from '../../training/attempt.ts';
import { CurvePointsSchema, findFinished } from '../../training/finished-training.ts';
import { trainResumably } from '../../training/train-resumably.ts';
import { prepareTraining } from '../training-material.ts';

const TrainedDocumentSchema = z.strictObject({
  steps: z.int(),
  seconds: z.number(),
  points: CurvePointsSchema,
});

/** @throws DomainError Diverged, DatasetInvalid, and what the system's training throws. */
export async function trainSystem(
  input: TrainSystemInput,
  context: ActivityContext,
): Promise<TrainSystemResult> {
  const { run, training: name } = input;
  const document = { key: comparisonKeys.curve(run, name), schema: TrainedDocumentSchema };
  const modelKey = comparisonKeys.model(run, name);
  const finished = await findFinished(context, document, { model: modelKey });
  if (finished) {
    const { steps, seconds } = finished.document;
    return { model: finished.made.model, trained: { name, steps, seconds } };
  }

  const { config } = await readRun(input, context);
  return withDisposables(async (keep) => {
    const { begin, inputs } = await prepareTraining(input, context);
    const begun = keep(await begin());
    const training = new TimedTraining(begun.training, () => performance.now());
    const { steps, curve, conclude } = await trainResumably(
      {
        activity: 'trainSystem',
        folder: attemptFolder(comparisonKeys.training(run, name), input.rateFactor),
        cadence: config.training,
        inputs,
        training,
      },
      context,
    );
    const model = await writeBytes(context, modelKey, begun.model(), inputs);
    const { seconds } = training;
    try {
      await conclude(document.key, { steps, seconds, points: curve }, [model]);
    } catch (error) {
      // An attempt that was thought dead may have ended first: its model is the same, its time is its own.
      const first = await findFinished(context, document, { model: modelKey }).catch(() => undefined);
      if (!first) throw error;
      return { model, trained: { name, steps: first.document.steps, seconds: first.document.seconds } };
    }
    return { model, trained: { name, steps, seconds } };
  });
}
