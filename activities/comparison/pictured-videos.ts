/** Some test videos with the masks of every row, for people to look at. */
import type { PicturedVideo } from '../../comparison/table/page.ts';
import type { WriteComparisonInput } from '../../contracts/comparison-activities.ts';
import { readGreyNifti, readLabelNifti, readReference } from '../../datasets/nifti.ts';
import { findArtefact } from '../../storage/artefacts.ts';
import { comparisonKeys } from '../../storage/comparison-keys.ts';
import { datasetKeys } from '../../storage/keys.ts';
import type { RunFacts } from '../artefacts/run-facts.ts';
import { type ActivityContext, breathe } from '../context.ts';
import { type Rows, rowNamed } from './rows.ts';

/** Evenly spread over the test set in its order, so that nobody chose them. */
export async function picturedVideos(
  { run, results }: WriteComparisonInput,
  { config, plan }: RunFacts,
  rows: Rows,
  context: ActivityContext,
): Promise<PicturedVideo[]> {
  const ids = plan.test.flat();
  const count = Math.min(rows.pictures, ids.length);
  const chosen = Array.from(
    { length: count },
    (_, index) => ids[Math.floor(((index + 0.5) * ids.length) / count)]!,
  );
  const videos: PicturedVideo[] = [];
  for (const id of chosen) {
    const video = await findArtefact(context.store, datasetKeys.video(config.target, id));
    if (!video) continue;
    const image = await readGreyNifti(await context.cache.read(video), id);
    const masks: { title: string; labels: PicturedVideo['masks'][number]['labels'] }[] = [];
    const reference = await findArtefact(context.store, datasetKeys.labels(config.target, id));
    if (reference) {
      const labels = readReference(await context.cache.read(reference), id, image);
      masks.push({ title: 'reference', labels });
    }
    for (const { name } of results) {
      const mask = await findArtefact(context.store, comparisonKeys.prediction({ run, row: name }, id));
      if (!mask) continue;
      const labels = readLabelNifti(await context.cache.read(mask), id);
      masks.push({ title: rowNamed(rows, name).title, labels });
    }
    videos.push({ id, image, masks });
    context.heartbeat({ step: videos.length, total: count });
    await breathe(context);
  }
  return videos;
}
