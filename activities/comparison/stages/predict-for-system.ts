/** The masks of one system for a shard of test videos; of every frame its largest blob, for every system alike. */
import type { VideoPredictor } from '../../../comparison/system.ts';
import type { ShardResult } from '../../../contracts/activities.ts';
import type { PredictForSystemInput } from '../../../contracts/comparison-activities.ts';
import { readGreyNifti, readReference, writeLabelNifti } from '../../../datasets/nifti.ts';
import { shardOf } from '../../../decisions/plan.ts';
import type { ArtefactRef } from '../../../ground/artefact-ref.ts';
import { DomainError, namingOrigin } from '../../../ground/errors.ts';
import { keepLargestForegroundVideo } from '../../../imaging/morphology.ts';
import { requireSameGrid } from '../../../metrics/hausdorff.ts';
import { findArtefact, readArtefactAt } from '../../../storage/artefacts.ts';
import { comparisonKeys } from '../../../storage/comparison-keys.ts';
import { datasetKeys } from '../../../storage/keys.ts';
import { writeBytes } from '../../artefacts/binary-artefact.ts';
import { unlessDamaged } from '../../artefacts/damage.ts';
import { readRun } from '../../artefacts/run-facts.ts';
import { type ActivityContext, logWork } from '../../context.ts';
import { eachVideo } from '../../videos/each-video.ts';
import { openSystem } from '../opened-system.ts';
import { ofRow, readRows, rowNamed } from '../rows.ts';

/**
 * Predictions lie on the grid of the file. What was handed in for other videos and not for one counts as missing.
 * @throws DomainError of a system that lacks what it needs.
 */
export async function predictForSystem(
  input: PredictForSystemInput,
  context: ActivityContext,
): Promise<ShardResult> {
  const { config, plan } = await readRun(input, context);
  const planned = rowNamed(await readRows(input, context), input.row);
  let predictor: VideoPredictor | undefined;
  try {
    const videos = shardOf(plan, { split: 'test', iteration: 0, shard: input.shard });
    return await eachVideo(ofRow(input), videos, context, async (id) => {
      const key = comparisonKeys.prediction(input, id);
      if (await unlessDamaged(context, key, () => readArtefactAt(context.store, key))) return 'done';
      const video = await requireVideo(datasetKeys.video(config.target, id), context);
      const image = await readGreyNifti(video.bytes, id);
      const reference =
        planned.standing === 'oracle'
          ? await findArtefact(context.store, datasetKeys.labels(config.target, id))
          : undefined;
      const known = reference && readReference(await context.cache.read(reference), id, image);
      predictor ??= await openSystem(input, planned, config, context);
      const predicted = await predictor.predict({ id, image, reference: known });
      namingOrigin(id, () => requireSameGrid(predicted, image, 'video'));
      const labels = keepLargestForegroundVideo(predicted);
      const inputs = [
        video.reference,
        ...(input.model ? [input.model] : []),
        ...(reference ? [reference] : []),
      ];
      await writeBytes(context, key, writeLabelNifti(labels, image.layout), inputs, 'application/gzip');
      logWork(context, 'predictForSystem', key);
      return 'done';
    });
  } finally {
    predictor?.dispose();
  }
}

async function requireVideo(
  key: string,
  context: ActivityContext,
): Promise<{ reference: ArtefactRef; bytes: Uint8Array }> {
  const reference = await findArtefact(context.store, key);
  if (reference) return { reference, bytes: await context.cache.read(reference) };
  throw new DomainError(
    'ArtefactMissing',
    `${key} is in the dataset's manifest but not in the store. Ingest the video again.`,
    { key },
  );
}
