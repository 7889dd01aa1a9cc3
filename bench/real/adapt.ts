/**
 * A policy adapted to the target of real echo by one iteration of a run, and the control beside it: the same policy
 * trained on what the same sweep segmented, without any reward.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadNetwork } from '../../activities/artefacts/networks.ts';
import { readRun } from '../../activities/artefacts/run-facts.ts';
import type { ActivityContext } from '../../activities/context.ts';
import { fineTunePolicy } from '../../activities/fine-tune-policy.ts';
import { fitRewardNetwork } from '../../activities/fit-reward-network.ts';
import { readPrediction } from '../../activities/videos/predictions.ts';
import { preparedVideo, storedLabels } from '../../activities/videos/prepared-frames.ts';
import { type TrainingVideo, TrainingVideos } from '../../activities/videos/training-videos.ts';
import { trainingVideos } from '../../activities/videos/usable-videos.ts';
import { halfAndHalf } from '../../comparison/half-and-half.ts';
import { beginSupervised } from '../../comparison/source-training.ts';
import type { RunConfig } from '../../contracts/run-config.ts';
import type { FineTuneInput } from '../../contracts/training-activities.ts';
import { sweepOf } from '../../decisions/plan.ts';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import { withDisposables } from '../../ground/disposables.ts';
import type { LabelledWindowSource } from '../../method/windows/training-windows.ts';
import { readArtefact } from '../../storage/artefacts.ts';
import { openMemoryContext } from '../shared/memory-context.ts';
import { realIteration, storePolicy, storeRealSets } from '../shared/real-datasets.ts';
import { fitAutoencoder, labelSweep, startRun } from '../shared/stages.ts';

/** Files in the folder, by the names of the policies in tables. */
export const adaptedPolicies = {
  'self-training': 'self-training.safetensors',
  adapted: 'adapted.safetensors',
} as const;

export interface AdaptTask {
  /** Folder of the sets. */
  readonly real: string;
  readonly config: RunConfig;
  /** File of the source policy. */
  readonly policy: string;
  /** Where `adaptedPolicies` and `reward.safetensors` are written. */
  readonly folder: string;
  readonly log: (line: string) => void;
}

/** The tensor back end is selected before. */
export async function adaptToTarget({ real, policy, folder, log, ...task }: AdaptTask): Promise<void> {
  const { context, close } = await openMemoryContext();
  try {
    await storeRealSets(context.store, real);
    const config = realIteration(task.config, await storePolicy(context.store, policy));
    const timed = stopwatch(log);
    const write = async (name: string, reference: ArtefactRef): Promise<void> =>
      writeFileSync(join(folder, name), await readArtefact(context.store, reference));
    const { refs, plan } = await startRun(context, `real-${config.seed}`, config);
    const source = plan.initialPolicy!;
    const sweep = { ...refs, iteration: 1, policy: source };
    const { kept, corrected, rejected } = await labelSweep(
      sweep,
      plan,
      await fitAutoencoder(refs, config, context),
      context,
    );
    timed(`labelled: ${kept} kept, ${corrected} corrected, ${rejected} left out`);
    const { reward } = await fitRewardNetwork({ ...refs, iteration: 1 }, context);
    await write('reward.safetensors', reward.network);
    timed('reward network fitted');
    const input = { ...sweep, reference: source, reward };
    const adapted = await fineTunePolicy(input, context);
    await write(adaptedPolicies.adapted, adapted.policy);
    timed(`fine-tuned, ${adapted.steps} steps`);
    const trained = await selfTrained(input, config, context);
    writeFileSync(join(folder, adaptedPolicies['self-training']), trained);
    timed(`control trained, ${control.steps} steps`);
  } finally {
    await close();
  }
}

/** Gentle: at the rate of a pretraining the source policy was worse after it than before. */
const control = { steps: 1500, learningRate: 3e-4, warmupSteps: 20, averageDecay: 0.99 };

/** On the source and, in half of the windows, on the target as the sweep segmented it. */
function selfTrained(input: FineTuneInput, config: RunConfig, context: ActivityContext): Promise<Uint8Array> {
  return withDisposables(async (keep) => {
    const { plan } = await readRun(input, context);
    const of = { run: input.run, dataset: config.source, videos: plan.source.train, labelled: true, config };
    const source = (await trainingVideos(of, context)).windows;
    const target = await sweptVideos(input, sweepOf(plan, 1), config, context);
    const { training, model } = keep(
      beginSupervised(
        {
          policy: await loadNetwork(context, input.policy, 'policy'),
          windows: halfAndHalf(source, target),
        },
        {
          config: { ...config, pretraining: { ...config.pretraining, ...control } },
          steps: control.steps,
          rateFactor: 1,
        },
      ),
    );
    while (!training.done) {
      await training.ready?.();
      training.step();
    }
    return model();
  });
}

/** Those that the sweep segmented, with what it did. */
async function sweptVideos(
  { run, iteration }: FineTuneInput,
  ids: readonly string[],
  { target, preprocessing }: RunConfig,
  context: ActivityContext,
): Promise<LabelledWindowSource> {
  const videos: TrainingVideo[] = [];
  for (const id of ids) {
    const swept = await readPrediction({ run, iteration, split: 'target' }, id, context);
    if (!swept) continue;
    const image = await preparedVideo(context, target, id, preprocessing);
    videos.push({ image, labels: await storedLabels(context, swept.reference, async () => swept.labels) });
  }
  return new TrainingVideos(videos);
}

/** Tells each stage with the time since the one before. */
function stopwatch(log: AdaptTask['log']): (text: string) => void {
  let before = performance.now();
  return (text) => {
    const now = performance.now();
    log(`${text}, ${((now - before) / 1000).toFixed(0)} s`);
    before = now;
  };
}
