/** Labels a shard of the videos that a system adapts to, by what its last training made, for its next one. */
import { systemNamed } from '../../../comparison/registry.ts';
import type { VideoLabeller } from '../../../comparison/system.ts';
import type { ShardResult } from '../../../contracts/activities.ts';
import type { LabelForSystemInput } from '../../../contracts/comparison-activities.ts';
import { writeLabelNifti } from '../../../datasets/nifti.ts';
import { shardOf } from '../../../decisions/plan.ts';
import { DomainError } from '../../../ground/errors.ts';
import { findArtefact } from '../../../storage/artefacts.ts';
import { comparisonKeys } from '../../../storage/comparison-keys.ts';
import { writeBytes } from '../../artefacts/binary-artefact.ts';
import { readRun } from '../../artefacts/run-facts.ts';
import { findShapes } from '../../artefacts/run-shapes.ts';
import { type ActivityContext, logWork } from '../../context.ts';
import { eachVideo } from '../../videos/each-video.ts';
import { prepareVideo } from '../../videos/prepared-video.ts';
import { readRows, rowNamed, trainingName } from '../rows.ts';
import { bytesOf } from '../training-material.ts';

/** @throws DomainError ConfigInvalid for a training that labels nothing. */
export async function labelForSystem(
  input: LabelForSystemInput,
  context: ActivityContext,
): Promise<ShardResult> {
  const { run, training: name, model, shard } = input;
  const { config, plan } = await readRun(input, context);
  const { row } = rowNamed(await readRows(input, context), input.row);
  const system = systemNamed(row.system);
  const settings = system.settings.parse(row.settings);
  const training = system.train?.(settings, config).find((found) => trainingName(row.name, found) === name);
  if (!training?.labeller) {
    throw new DomainError('ConfigInvalid', `The training "${name}" of ${row.system} labels no videos.`);
  }
  const before = await bytesOf(model, context);
  const preprocessing = training.preprocessing?.(config, before) ?? config.preprocessing;
  const shapes = await findShapes(run, context);
  let labeller: VideoLabeller | undefined;
  try {
    return await eachVideo(
      input,
      shardOf(plan, { split: 'target', iteration: 1, shard }),
      context,
      async (id) => {
        const key = comparisonKeys.pseudoLabels(run, name, id);
        if (await findArtefact(context.store, key)) return 'done';
        const { video, reference } = await prepareVideo(context, config.target, id, preprocessing);
        labeller ??= training.labeller!({ settings, config, before, shapes: shapes?.model });
        const bytes = writeLabelNifti(labeller.label(video));
        const inputs = [reference, model, ...(shapes ? [shapes.reference] : [])];
        await writeBytes(context, key, bytes, inputs, 'application/gzip');
        logWork(context, 'labelForSystem', key);
        return 'done';
      },
    );
  } finally {
    labeller?.dispose();
  }
}
