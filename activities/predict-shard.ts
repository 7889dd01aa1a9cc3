/** Segments the videos of one shard with a policy (method.md 1a, 8). */
import type { PredictShardInput, ShardResult, SweepSplit } from '../contracts/activities.ts';
import { isScoredPlainly, plainInference } from '../contracts/plain-inference.ts';
import type { InferenceConfig, RunConfig } from '../contracts/run-config.ts';
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
  const { config, plan } = await readRun(input, context);
  const shapes = await readRunShapes(context, input.run, config);
  let policy: UNet3D | undefined;
  try {
    return await eachVideo(input, shardOf(plan, input), context, async (id) => {
      const missing = await missingPredictions(input, config, id, context);
      if (missing.length === 0) return 'done';
      const prepared = await prepare(input.split, context, config, id, shapes?.model);
      policy ??= await loadNetwork(context, input.policy, 'policy');
      const made = [prepared.reference, input.policy, ...(shapes ? [shapes.reference] : [])];
      for (const { key, inference } of missing) {
        const stored = writeLabelNifti(prepared.segment(policy, inference));
        await writeBytes(context, key, stored, made, 'application/gzip');
        logWork(context, 'predictShard', key);
      }
      return 'done';
    });
  } finally {
    policy?.dispose();
  }
}

interface WantedPrediction {
  readonly key: string;
  readonly inference: InferenceConfig;
}

async function missingPredictions(
  { run, iteration, split }: PredictShardInput,
  { inference }: RunConfig,
  id: string,
  { store }: ActivityContext,
): Promise<WantedPrediction[]> {
  const wanted: WantedPrediction[] = [{ key: runKeys.prediction(run, iteration, split, id), inference }];
  if (isScoredPlainly({ split, iteration }, inference))
    wanted.push({
      key: runKeys.prediction(run, iteration, 'plain', id),
      inference: plainInference(inference),
    });
  const found = await Promise.all(wanted.map(({ key }) => findArtefact(store, key)));
  return wanted.filter((_, i) => !found[i]);
}

interface ReadyToSegment {
  readonly reference: ArtefactRef;
  segment(policy: UNet3D, inference: InferenceConfig): LabelVideo;
}

async function prepare(
  split: SweepSplit,
  context: ActivityContext,
  { target, preprocessing }: RunConfig,
  id: string,
  shapes: LinearShapes | undefined,
): Promise<ReadyToSegment> {
  if (split === 'target') {
    const { reference, video } = await wholePreparedVideo(context, target, id, preprocessing);
    return { reference, segment: (policy, inference) => predictVideo(policy, video, inference, { shapes }) };
  }
  const prepared = await prepareVideo(context, target, id, preprocessing);
  const { reference } = prepared;
  return {
    reference,
    segment: (policy, inference) => segmentPrepared(policy, prepared, inference, { shapes }).labels,
  };
}
