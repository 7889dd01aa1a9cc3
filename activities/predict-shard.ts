/** Segments the videos of one shard with a policy (method.md 1a, 8). */
import type { PredictShardInput, ShardResult } from '../contracts/activities.ts';
import { writeLabelNifti } from '../datasets/nifti.ts';
import { shardOf } from '../decisions/plan.ts';
import { predictVideo, segmentPrepared } from '../method/inference/segment-prepared.ts';
import type { UNet3D } from '../method/networks/unet3d.ts';
import { findArtefact } from '../storage/artefacts.ts';
import { runKeys } from '../storage/keys.ts';
import { writeBytes } from './artefacts/binary-artefact.ts';
import { loadNetwork } from './artefacts/networks.ts';
import { readRun } from './artefacts/run-facts.ts';
import { type ActivityContext, logWork } from './context.ts';
import { eachVideo } from './videos/each-video.ts';
import { prepareVideo } from './videos/prepared-video.ts';

/**
 * Predictions of a sweep lie on the grid of the networks, where they are labelled; those of an evaluation on the grid
 * of the file, where they are scored.
 */
export async function predictShard(input: PredictShardInput, context: ActivityContext): Promise<ShardResult> {
  const { run, iteration, split } = input;
  const { config, plan } = await readRun(input, context);
  let policy: UNet3D | undefined;
  try {
    return await eachVideo(input, shardOf(plan, input), context, async (id) => {
      const key = runKeys.prediction(run, iteration, split, id);
      if (await findArtefact(context.store, key)) return 'done';
      const prepared = await prepareVideo(context, config.target, id, config.preprocessing);
      policy ??= await loadNetwork(context, input.policy, 'policy');
      const stored =
        split === 'target'
          ? predictVideo(policy, prepared.video, config.inference)
          : segmentPrepared(policy, prepared, config.inference).labels;
      const made = [prepared.reference, input.policy];
      await writeBytes(context, key, writeLabelNifti(stored), made, 'application/gzip');
      logWork(context, 'predictShard', key);
      return 'done';
    });
  } finally {
    policy?.dispose();
  }
}
