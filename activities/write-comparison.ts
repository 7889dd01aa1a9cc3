/** Writes the table of a comparison in every form, and the pictures of some test videos under every system. */

import { csvTable, latexTable, markdownTable } from '../comparison/table/forms.ts';
import { makeTable, type ScoredRow } from '../comparison/table/make-table.ts';
import { captionsOf, comparisonPage, type PicturedVideo, pictureOf } from '../comparison/table/page.ts';
import { ComparisonTableSchema } from '../comparison/table/table.ts';
import type { ComparisonFiles, RowResult, Trained } from '../contracts/comparison.ts';
import type { WriteComparisonInput } from '../contracts/comparison-activities.ts';
import { readGreyNifti, readLabelNifti, readReference } from '../datasets/nifti.ts';
import type { ArtefactRef } from '../ground/artefact-ref.ts';
import type { VideoScore } from '../metrics/evaluation.ts';
import { findArtefact, sha256Of } from '../storage/artefacts.ts';
import { comparisonKeys } from '../storage/comparison-keys.ts';
import { datasetKeys, runKeys } from '../storage/keys.ts';
import { writeBytes } from './artefacts/binary-artefact.ts';
import { findJson, writeJson } from './artefacts/json-artefact.ts';
import { type RunFacts, readRun } from './artefacts/run-facts.ts';
import { activityKeys } from './artefacts/run-keys.ts';
import { type Rows, readRows, rowNamed } from './comparison/rows.ts';
import { type ActivityContext, breathe } from './context.ts';
import { ShardScoresSchema } from './evaluation/documents.ts';

export async function writeComparison(
  input: WriteComparisonInput,
  context: ActivityContext,
): Promise<ComparisonFiles> {
  const { run, results } = input;
  const facts = await readRun(input, context);
  const rows = await readRows(input, context);
  const scored: ScoredRow[] = [];
  const inputs: ArtefactRef[] = [input.config, input.plan, input.rows];
  for (const result of results) {
    const { scores, references } = await scoresOf(run, result, facts, context);
    scored.push({ ...(await rowFacts(result, rows, context)), scores });
    inputs.push(...references);
  }
  const table = makeTable(tableFacts(facts, rows, context), scored);
  ComparisonTableSchema.parse(table);
  const videos = await picturedVideos(input, facts, rows, context);
  const digest = sha256Of(new TextEncoder().encode(JSON.stringify(results))).slice(0, 16);
  const folder = comparisonKeys.table(run, digest);
  const pictures: ArtefactRef[] = [];
  for (const video of videos) {
    const key = `${folder}pictures/${video.id}.png`;
    pictures.push(await writeBytes(context, key, pictureOf(video), inputs, 'image/png'));
  }
  const text = (key: string, value: string, mediaType: string) =>
    writeBytes(context, key, new TextEncoder().encode(value), inputs, mediaType);
  return {
    json: await writeJson(context, `${folder}comparison.json`, table, inputs),
    csv: await text(`${folder}comparison.csv`, csvTable(table), 'text/csv'),
    markdown: await text(
      `${folder}comparison.md`,
      `${markdownTable(table)}${picturesText(videos)}`,
      'text/markdown',
    ),
    latex: await text(`${folder}comparison.tex`, latexTable(table), 'application/x-tex'),
    page: await text(`${folder}comparison.html`, comparisonPage(table, videos), 'text/html'),
    pictures,
  };
}

async function scoresOf(
  run: string,
  { name, unavailable }: RowResult,
  { plan }: RunFacts,
  context: ActivityContext,
): Promise<{ scores: VideoScore[]; references: ArtefactRef[] }> {
  const scores: VideoScore[] = [];
  const references: ArtefactRef[] = [];
  if (unavailable !== undefined) return { scores, references };
  for (const shard of plan.test.keys()) {
    const found = await findJson(
      context,
      comparisonKeys.scores({ run, row: name }, shard),
      ShardScoresSchema,
    );
    if (!found) continue;
    scores.push(...found.value.scores);
    references.push(found.reference);
  }
  return { scores, references };
}

async function rowFacts(
  { name, missing, trainings, unavailable }: RowResult,
  rows: Rows,
  context: ActivityContext,
): Promise<Omit<ScoredRow, 'scores'>> {
  const { title, summary, standing, plan } = rowNamed(rows, name);
  const adaptation = plan.adaptation && (await adaptationTime(plan.adaptation.run, context));
  return {
    name,
    title,
    summary,
    standing,
    missing,
    trainings: [...trainings, ...(adaptation ? [adaptation] : [])],
    ...(unavailable !== undefined && { unavailable }),
  };
}

/** From its plan to its choice, by the clock of the store: a run that is asked for again says the same. */
async function adaptationTime(run: string, { store }: ActivityContext): Promise<Trained | undefined> {
  const [begun, ended] = await Promise.all(
    [runKeys.config(run), activityKeys.selection(run)].map((key) => store.head(key)),
  );
  if (!begun || !ended) return undefined;
  return { name: `run ${run}`, steps: 0, seconds: (ended.writtenMs - begun.writtenMs) / 1000 };
}

function tableFacts({ config, plan }: RunFacts, { minutes }: Rows, { codeVersion }: ActivityContext) {
  const { source, target, seed } = config;
  const videos = plan.test.flat().length;
  return { source, target, seed, videos, ...(minutes && { minutes }), codeVersion, studies: plan.studies };
}

/** Evenly spread over the test set in its order, so that nobody chose them. */
async function picturedVideos(
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

function picturesText(videos: readonly PicturedVideo[]): string {
  return videos
    .map(
      (video) =>
        `\n![${video.id}](pictures/${video.id}.png)\n\n_${video.id}, from the top: ${captionsOf(video).join(', ')}._\n`,
    )
    .join('');
}
