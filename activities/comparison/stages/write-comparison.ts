/** Writes the table of a comparison in every form, and the pictures of some test videos under every system. */
import { csvTable, latexTable, markdownTable, markdownText } from '../../../comparison/table/forms.ts';
import { type ScoredRow, tableInSteps } from '../../../comparison/table/make-table.ts';
import { inferenceText } from '../../../comparison/table/notes.ts';
import { captionsOf, comparisonPage, type PicturedVideo, pictureOf } from '../../../comparison/table/page.ts';
import { ComparisonTableSchema } from '../../../comparison/table/table.ts';
import type { ComparisonFiles, RowResult } from '../../../contracts/comparison.ts';
import type { WriteComparisonInput } from '../../../contracts/comparison-activities.ts';
import type { ArtefactRef } from '../../../ground/artefact-ref.ts';
import type { VideoScore } from '../../../metrics/evaluation.ts';
import { sha256Of } from '../../../storage/artefacts.ts';
import { comparisonKeys } from '../../../storage/comparison-keys.ts';
import { writeBytes } from '../../artefacts/binary-artefact.ts';
import { writeJson } from '../../artefacts/json-artefact.ts';
import { type RunFacts, readRun } from '../../artefacts/run-facts.ts';
import { findShapes } from '../../artefacts/run-shapes.ts';
import { type ActivityContext, stepByStep } from '../../context.ts';
import { picturedVideos } from '../pictured-videos.ts';
import { type Rows, readRows } from '../rows.ts';
import { faultsOf, rowFacts, scoresOf } from '../scored-rows.ts';

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
    const row = await rowFacts(result, rows, context);
    const faults = await faultsOf({ run, row: result.name }, withoutScores(result, scores, facts), context);
    scored.push({ ...row, ...(faults.length > 0 && { faults }), scores });
    inputs.push(...references);
  }
  const shapes = await findShapes(run, context);
  const steps = tableInSteps(tableFacts(facts, rows, shapes !== undefined, context), scored);
  const table = await stepByStep(steps, context);
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

function withoutScores(
  { unavailable }: RowResult,
  scores: readonly VideoScore[],
  { plan }: RunFacts,
): string[] {
  const scored = new Set(scores.map(({ id }) => id));
  return unavailable === undefined ? plan.test.flat().filter((id) => !scored.has(id)) : [];
}

function tableFacts(
  { config, plan }: RunFacts,
  { minutes }: Rows,
  completes: boolean,
  { codeVersion }: ActivityContext,
) {
  const { source, target, seed, initialPolicy, inference } = config;
  return {
    source,
    target,
    seeds: [seed],
    videos: plan.test.flat().length,
    ...(minutes && { minutes }),
    ...(initialPolicy !== undefined && { initialPolicy }),
    inference: inferenceText(inference, completes),
    codeVersion,
    studies: plan.studies,
  };
}

function picturesText(videos: readonly PicturedVideo[]): string {
  return videos
    .map(
      (video) =>
        `\n![${video.id}](pictures/${video.id}.png)\n\n_${video.id}, from the top: ${markdownText(captionsOf(video).join(', '))}._\n`,
    )
    .join('');
}
