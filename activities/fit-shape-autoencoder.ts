/** Fits the shape autoencoder on the annotations of the source (method.md 4.2). */
import { z } from 'zod';
import type { AutoencoderResult, TrainingInput } from '../contracts/activities.ts';
import { randomStream } from '../ground/random.ts';
import type { LabelVideo } from '../imaging/image.ts';
import { ShapeAutoencoder } from '../method/rewards/shape-autoencoder/autoencoder.ts';
import { encodeAutoencoder } from '../method/rewards/shape-autoencoder/autoencoder-checkpoint.ts';
import { AutoencoderTraining } from '../method/rewards/shape-autoencoder/autoencoder-training.ts';
import { findArtefact, writeArtefact } from '../storage/artefacts.ts';
import { runKeys } from '../storage/keys.ts';
import { type ActivityContext, breatheWhilePreparing } from './context.ts';
import { findJson, writeJson } from './json-artefact.ts';
import { type RunFacts, readRun } from './plan.ts';
import { prepareLabels } from './prepared-video.ts';
import { tryVideo } from './quarantine.ts';
import { refuseEmptyTraining } from './refuse-empty-training.ts';
import { activityKeys } from './run-keys.ts';
import { type ResumableTraining, trainResumably } from './train-resumably.ts';
import { attemptFolder, withRates } from './training-attempt.ts';

/** What is known of a finished fit, beside its weights. */
export const AutoencoderCurveSchema = z.strictObject({
  steps: z.int(),
  quarantined: z.int(),
  points: z.array(z.record(z.string(), z.number())),
});

const ProgressSchema = z.strictObject({
  phase: z.enum(['training', 'bounds', 'done']),
  step: z.int().min(0),
});

export async function fitShapeAutoencoder(
  input: TrainingInput,
  context: ActivityContext,
): Promise<AutoencoderResult> {
  const { run } = input;
  const key = activityKeys.autoencoderWeights(run);
  const present = await findJson(context, activityKeys.autoencoderCurve(run), AutoencoderCurveSchema);
  const finished = present && (await findArtefact(context.store, key));
  if (present && finished) {
    const { steps, quarantined } = present.value;
    return { autoencoder: finished, curve: present.reference, steps, quarantined };
  }

  const facts = await readRun(input, context);
  const { config, plan } = facts;
  const labels = await annotations(run, facts, context);
  const quarantined = plan.source.train.length - labels.length;
  const shape = withRates(config.autoencoder, ['learningRate'], input.rateFactor);
  const autoencoder = ShapeAutoencoder.initialise(shape, randomStream(config.seed, 'autoencoder'));
  try {
    const source = { count: labels.length, load: (index: number) => labels[index]! };
    const training = new AutoencoderTraining({ autoencoder, source, seed: config.seed });
    try {
      const inputs = [input.config, input.plan];
      const trained = await trainResumably(
        {
          activity: 'fitShapeAutoencoder',
          folder: attemptFolder(runKeys.autoencoder(run), input.rateFactor),
          checkpointEverySteps: config.pretraining.checkpointEverySteps,
          inputs,
          training: resumable(training, config.autoencoder.steps + labels.length),
        },
        context,
      );
      const bytes = encodeAutoencoder({ autoencoder, bounds: training.bounds });
      const { codeVersion, store } = context;
      const stored = await writeArtefact(store, key, bytes, {
        inputs,
        codeVersion,
        mediaType: 'application/octet-stream',
      });
      const { steps } = trained;
      const document: z.infer<typeof AutoencoderCurveSchema> = {
        steps,
        quarantined,
        points: [...trained.curve],
      };
      const curve = await writeJson(context, activityKeys.autoencoderCurve(run), document, [stored]);
      await trained.clearCheckpoints();
      return { autoencoder: stored, curve, steps, quarantined };
    } finally {
      training.dispose();
    }
  } finally {
    autoencoder.dispose();
  }
}

/** The source's label maps on the grid of the networks; they stay in memory, being a byte a pixel. */
async function annotations(
  run: string,
  { config, plan }: RunFacts,
  context: ActivityContext,
): Promise<LabelVideo[]> {
  const { train } = plan.source;
  const labels: LabelVideo[] = [];
  for (const [index, id] of train.entries()) {
    const tried = await tryVideo(context, run, id, () =>
      prepareLabels(context, config.source, id, config.preprocessing),
    );
    if ('value' in tried) labels.push(tried.value);
    await breatheWhilePreparing(context, index + 1, train.length);
  }
  refuseEmptyTraining(config.source, train.length, labels.length, config.sweep.maxQuarantinedShare);
  return labels;
}

function resumable(training: AutoencoderTraining, totalSteps: number): ResumableTraining {
  return {
    get done() {
      return training.done;
    },
    totalSteps,
    step() {
      const { phase } = training.progress;
      const { loss, dice, attributeLoss } = training.step();
      return phase === 'training' ? { loss, dice, attributeLoss } : {};
    },
    state() {
      const { arrays, progress } = training.state();
      return { arrays, json: progress };
    },
    restore: ({ arrays, json }) => training.restore({ arrays, progress: ProgressSchema.parse(json) }),
  };
}
