/** Some test videos with the masks of every row, for people to look at. */
import type { PicturedVideo } from '../../comparison/table/page.ts';
import type { WriteComparisonInput } from '../../contracts/comparison-activities.ts';
import { readGreyNifti, readLabelNifti, readReference } from '../../datasets/nifti.ts';
import type { RecordedVideo } from '../../datasets/video-facts.ts';
import type { LabelVideo } from '../../imaging/image.ts';
import { requireSameGrid } from '../../metrics/hausdorff.ts';
import { findArtefact } from '../../storage/artefacts.ts';
import { comparisonKeys, type RowOf } from '../../storage/comparison-keys.ts';
import { datasetKeys } from '../../storage/keys.ts';
import type { RunFacts } from '../artefacts/run-facts.ts';
import { type ActivityContext, breathe } from '../context.ts';
import { tryVideo } from '../videos/quarantine.ts';
import { type Rows, rowNamed } from './rows.ts';

/**
 * Evenly spread over the test set in its order, so that nobody chose them. One that cannot be read is left out: it has
 * no numbers either, and the table says why. Of a system whose mask cannot be read, the mask alone is.
 */
export async function picturedVideos(
  input: WriteComparisonInput,
  facts: RunFacts,
  rows: Rows,
  context: ActivityContext,
): Promise<PicturedVideo[]> {
  const ids = facts.plan.test.flat();
  const count = Math.min(rows.pictures, ids.length);
  const chosen = Array.from(
    { length: count },
    (_, index) => ids[Math.floor(((index + 0.5) * ids.length) / count)]!,
  );
  const videos: PicturedVideo[] = [];
  for (const [index, id] of chosen.entries()) {
    const tried = await tryVideo(context, input.run, id, () => pictured(id, { input, facts, rows }, context));
    if ('value' in tried && tried.value) videos.push(tried.value);
    context.heartbeat({ step: index + 1, total: count });
    await breathe(context);
  }
  return videos;
}

interface Of {
  readonly input: WriteComparisonInput;
  readonly facts: RunFacts;
  readonly rows: Rows;
}

async function pictured(
  id: string,
  { input: { run, results }, facts: { config }, rows }: Of,
  context: ActivityContext,
): Promise<PicturedVideo | undefined> {
  const video = await findArtefact(context.store, datasetKeys.video(config.target, id));
  if (!video) return undefined;
  const image = await readGreyNifti(await context.cache.read(video), id);
  const masks: PicturedVideo['masks'][number][] = [];
  const tried = await tryVideo(context, run, id, () => referenceOf(id, image, config.target, context));
  if ('value' in tried && tried.value) masks.push({ title: 'reference', labels: tried.value });
  for (const { name } of results) {
    const made = await tryVideo(
      context,
      run,
      id,
      () => maskOf({ run, row: name }, id, context),
      comparisonKeys.reason({ run, row: name }, id),
    );
    if ('value' in made && made.value) masks.push({ title: rowNamed(rows, name).title, labels: made.value });
  }
  return { id, image, masks };
}

/** Undefined where the system has none of the video. */
async function maskOf(row: RowOf, id: string, context: ActivityContext): Promise<LabelVideo | undefined> {
  const mask = await findArtefact(context.store, comparisonKeys.prediction(row, id));
  return mask && readLabelNifti(await context.cache.read(mask), id);
}

async function referenceOf(
  id: string,
  image: RecordedVideo,
  dataset: string,
  context: ActivityContext,
): Promise<LabelVideo | undefined> {
  const reference = await findArtefact(context.store, datasetKeys.labels(dataset, id));
  if (!reference) return undefined;
  const labels = readReference(await context.cache.read(reference), id, image);
  requireSameGrid(image, labels);
  return labels;
}
