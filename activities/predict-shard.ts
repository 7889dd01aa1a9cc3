/** Segments the videos of one shard with a policy (method.md 1a, 8). */
import type { PredictShardInput, ShardResult, SweepSplit } from '../contracts/activities.ts';
import type { RunConfig } from '../contracts/run-config.ts';
import { writeLabelNifti } from '../datasets/nifti.ts';
import { shardOf } from '../decisions/plan.ts';
import type { ArtefactRef } from '../ground/artefact-ref.ts';
import type { LabelVideo } from '../imaging/image.ts';
import { predictVideo, segmentPrepared } from '../method/inference/segment-prepared.ts';
import type { UNet3D } from '../method/networks/unet3d.ts';
import type { LinearShapes } from '../method/shapes/linear-shapes.ts';
import { findArtefact } from '../storage/artefacts.ts';
import { runKeys } from '../storage/keys.ts';
import { writeBytes } from './artefacts/binary-artefact.ts';
import { loadNetwork } from './artefacts/networks.ts';
import { readRun } from './artefacts/run-facts.ts';
import { readRunShapes } from './artefacts/run-shapes.ts';
import { type ActivityContext, logWork } from './context.ts';
import { eachVideo } from './videos/each-video.ts';
import { wholePreparedVideo } from './videos/prepared-frames.ts';
import { prepareVideo } from './videos/prepared-video.ts';

/**
 * Predictions of a sweep lie on the grid of the networks, where they are labelled; those of an evaluation on the grid
 * of the file, where they are scored. Videos of a sweep stay prepared, for the stages that train on them.
 */
export async function predictShard(input: PredictShardInput, context: ActivityContext): Promise<ShardResult> {
  const { run, iteration, split } = input;
  const { config, plan } = await readRun(input, context);
  const shapes = await readRunShapes(context, run, config);
  let policy: UNet3D | undefined;
  try {
    return await eachVideo(input, shardOf(plan, input), context, async (id) => {
      const key = runKeys.prediction(run, iteration, split, id);
      if (await findArtefact(context.store, key)) return 'done';
      const prepared = await prepare(split, context, config, id, shapes?.model);
      policy ??= await loadNetwork(context, input.policy, 'policy');
      const made = [prepared.reference, input.policy, ...(shapes ? [shapes.reference] : [])];
      const stored = writeLabelNifti(prepared.segment(policy));
      await writeBytes(context, key, stored, made, 'application/gzip');
      logWork(context, 'predictShard', key);
      return 'done';
    });
  } finally {
    policy?.dispose();
  }
}

interface ReadyToSegment {
  readonly reference: ArtefactRef;
  segment(policy: UNet3D): LabelVideo;
}

async function prepare(
  split: SweepSplit,
  context: ActivityContext,
  { target, preprocessing, inference }: RunConfig,
  id: string,
  shapes: LinearShapes | undefined,
): Promise<ReadyToSegment> {
  if (split === 'target') {
    const { reference, video } = await wholePreparedVideo(context, target, id, preprocessing);
    return { reference, segment: (policy) => predictVideo(policy, video, inference, { shapes }) };
  }
  const prepared = await prepareVideo(context, target, id, preprocessing);
  const { reference } = prepared;
  return { reference, segment: (policy) => segmentPrepared(policy, prepared, inference, { shapes }).labels };
}
