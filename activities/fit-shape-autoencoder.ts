/** Fits the shape autoencoder on the annotations of the source (method.md 4.2). */
import type { AutoencoderResult, TrainingInput } from '../contracts/training-activities.ts';
import { withDisposables } from '../ground/disposables.ts';
import { randomStream } from '../ground/random.ts';
import { ShapeAutoencoder } from '../method/rewards/shape-autoencoder/autoencoder.ts';
import { encodeAutoencoder } from '../method/rewards/shape-autoencoder/autoencoder-checkpoint.ts';
import { AutoencoderTraining } from '../method/rewards/shape-autoencoder/autoencoder-training.ts';
import { runKeys } from '../storage/keys.ts';
import { writeBytes } from './artefacts/binary-artefact.ts';
import { readRun } from './artefacts/run-facts.ts';
import { activityKeys } from './artefacts/run-keys.ts';
import type { ActivityContext } from './context.ts';
import { attemptFolder, withRates } from './training/attempt.ts';
import { findFinished, LabelledTrainingSchema } from './training/finished-training.ts';
import { trainResumably } from './training/train-resumably.ts';
import { readAnnotations } from './videos/annotations.ts';

export async function fitShapeAutoencoder(
  input: TrainingInput,
  context: ActivityContext,
): Promise<AutoencoderResult> {
  const { run, rateFactor } = input;
  const document = { key: activityKeys.autoencoderCurve(run), schema: LabelledTrainingSchema };
  const weightsKey = activityKeys.autoencoderWeights(run);
  const finished = await findFinished(context, document, { autoencoder: weightsKey });
  if (finished) {
    const { steps, quarantined } = finished.document;
    return { autoencoder: finished.made.autoencoder, curve: finished.curve, steps, quarantined };
  }

  const facts = await readRun(input, context);
  const { config } = facts;
  const { labels, quarantined } = await readAnnotations(run, facts, context);
  return withDisposables(async (keep) => {
    const shape = withRates(config.autoencoder, ['learningRate'], rateFactor);
    const autoencoder = keep(ShapeAutoencoder.initialise(shape, randomStream(config.seed, 'autoencoder')));
    const source = { count: labels.length, load: (index: number) => labels[index]! };
    const training = keep(new AutoencoderTraining({ autoencoder, source, seed: config.seed }));
    const inputs = [input.config, input.plan];
    const folder = attemptFolder(runKeys.autoencoder(run), rateFactor);
    const task = { activity: 'fitShapeAutoencoder', folder, cadence: config.training, inputs, training };
    const { steps, curve: points, conclude } = await trainResumably(task, context);
    const bytes = encodeAutoencoder({ autoencoder, bounds: training.bounds });
    const stored = await writeBytes(context, weightsKey, bytes, inputs);
    const curve = await conclude(document.key, { steps, quarantined, points }, [stored]);
    return { autoencoder: stored, curve, steps, quarantined };
  });
}
