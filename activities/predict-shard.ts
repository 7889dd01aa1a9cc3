/** Segments the videos of one shard with a policy (method.md 1a, 8). */
import type { PredictShardInput, ShardResult, SweepSplit } from '../contracts/activities.ts';
import type { RunConfig } from '../contracts/run-config.ts';
import { writeLabelNifti } from '../datasets/nifti.ts';
import { shardOf } from '../decisions/plan.ts';
import { predictVideo } from '../method/inference/predict-video.ts';
import type { UNet3D } from '../method/networks/unet3d.ts';
import { findArtefact } from '../storage/artefacts.ts';
import { runKeys } from '../storage/keys.ts';
import { writeBytes } from './artefacts/binary-artefact.ts';
import { loadNetwork } from './artefacts/networks.ts';
import { readRun } from './artefacts/run-facts.ts';
import { type ActivityContext, logWork } from './context.ts';
import { eachVideo } from './videos/each-video.ts';
import { wholePreparedVideo } from './videos/prepared-frames.ts';
import { type PreparedVideo, prepareVideo } from './videos/prepared-video.ts';

/**
 * Predictions of a sweep lie on the grid of the networks, where they are labelled; those of an evaluation on the grid
 * of the file, where they are scored. Videos of a sweep stay prepared, for the stages that train on them.
 */
export async function predictShard(input: PredictShardInput, context: ActivityContext): Promise<ShardResult> {
  const { run, iteration, split } = input;
  const { config, plan } = await readRun(input, context);
  let policy: UNet3D | undefined;
  try {
    return await eachVideo(input, shardOf(plan, input), context, async (id) => {
      const key = runKeys.prediction(run, iteration, split, id);
      if (await findArtefact(context.store, key)) return 'done';
      const prepared = await prepare(split, context, config, id);
      policy ??= await loadNetwork(context, input.policy, 'policy');
      const prediction = predictVideo(policy, prepared.video, config.inference);
      const stored = writeLabelNifti(prepared.restoreLabels(prediction));
      await writeBytes(context, key, stored, [prepared.reference, input.policy], 'application/gzip');
      logWork(context, 'predictShard', key);
      return 'done';
    });
  } finally {
    policy?.dispose();
  }
}

async function prepare(
  split: SweepSplit,
  context: ActivityContext,
  { target, preprocessing }: RunConfig,
  id: string,
): Promise<Omit<PreparedVideo, 'id'>> {
  if (split !== 'target') return prepareVideo(context, target, id, preprocessing);
  const prepared = await wholePreparedVideo(context, target, id, preprocessing);
  return { ...prepared, restoreLabels: (labels) => labels };
}
