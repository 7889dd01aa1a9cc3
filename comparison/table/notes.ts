/** What must be said under every form of the table. */
import type { InferenceConfig } from '../../contracts/run-config.ts';
import { type MeasureName, tableMeasures } from './measures.ts';
import { ADAPTATION, type ComparisonTable, type TableRow } from './table.ts';

export function notesOf(table: ComparisonTable): string[] {
  const { videos, patients, source, target, seeds, inference, rows } = table;
  const [several, drawn] = seeds.length > 1 ? ['seeds', 'seeds and patients'] : ['seed', 'patients'];
  return [
    `${videos} test videos of ${target} (${patients} patients), source ${source}, ${several} ${seeds.join(', ')}. Means over videos, 95 % bootstrap intervals over ${drawn}; the largest blob of each frame for every system.`,
    'Bold: the best contender of a column; a video that one misses counts as its worst. *: differs from it (p < 0.05 after Holm; paired over patients, Wilcoxon, or the exact sign test for shares of videos).',
    ...fewPatientsText(table),
    ...countsOf(table),
    budgetText(table),
    `Policies of this project segment by ${inference}; those of rows with plain inference by sliding windows alone.`,
    ...rows.map((row) => rowNote(row, videos)),
  ];
}

function rowNote({ title, summary, missing, faults = [], standing, unavailable }: TableRow, videos: number) {
  const reasons = faults.map(({ code, videos: many, reason }) => `${many} for ${code}, such as "${reason}"`);
  return [
    `${title}: ${summary}`,
    ...(standing === 'contender' ? [] : [`Not a contender (${standing}).`]),
    ...(missing > 0 ? [[`${missing} of ${videos} videos have no prediction`, ...reasons].join('; ')] : []),
    ...(unavailable === undefined ? [] : [`Not available: ${unavailable}`]),
  ].join(' ');
}

/** Of all signs of so many patients alike, p is 2 / 2^6 = 0.03. */
const PATIENTS_OF_A_TEST = 6;

function fewPatientsText({ patients }: ComparisonTable): string[] {
  if (patients === 0 || patients >= PATIENTS_OF_A_TEST) return [];
  const interval = patients === 1 ? 'of one patient there is no interval, and ' : '';
  return [
    `Too few patients to tell systems apart: ${interval}no test of fewer than ${PATIENTS_OF_A_TEST} can come below p = 0.05.`,
  ];
}

/** How many of the videos that were scored have a measure that not all have, such as those with a reference. */
function countsOf({ rows }: ComparisonTable): string[] {
  const mostOf = (name: MeasureName) => Math.max(0, ...rows.map(({ cells }) => cells[name]?.videos ?? 0));
  // Whatever is scored has a verdict.
  const scored = mostOf('anatomicalValidity');
  const counts = tableMeasures.flatMap(({ name, title }) => {
    const most = mostOf(name);
    return most > 0 && most < scored ? [`${title} of ${most} videos`] : [];
  });
  return counts.length > 0
    ? [`${counts.join(', ')}: those that have what it takes, such as a reference.`]
    : [];
}

/** Runs of this project are not cut to a time, so whether they kept within that of the others is said. */
function budgetText({ minutes, initialPolicy, rows, seeds }: ComparisonTable): string {
  if (!minutes) return 'Every training has the steps of the configuration; wall times differ and are stated.';
  const { source, adaptation } = minutes;
  const longest = Math.max(
    0,
    ...rows.flatMap(({ trainings }) =>
      trainings.map(({ name, seconds }) => (name === ADAPTATION ? seconds / 60 : 0)),
    ),
  );
  return [
    `Wall time of training: ${source} min on the source and ${adaptation} min of adaptation for every system alike.`,
    ...(initialPolicy === undefined
      ? []
      : [`Systems that start from the source policy were given one (${initialPolicy}).`]),
    ...(longest === 0
      ? []
      : [
          `Adaptations of this project follow their configuration, labelling and validation included: the longest took ${seeds.length > 1 ? 'on average over seeds ' : ''}${longest.toFixed(1)} min, ${longest <= adaptation ? 'no more than the others have' : 'MORE than the others have'}.`,
        ]),
  ].join(' ');
}

/**
 * What is done to a video besides the windows, in words.
 * @param completes whether there are shapes to complete by
 */
export function inferenceText(
  { restore, cleaning, timeFusion, testTimeAugmentation }: InferenceConfig,
  completes: boolean,
): string {
  return [
    'sliding windows',
    ...(testTimeAugmentation.always ? ['the mean over views'] : []),
    ...(timeFusion.weights.length > 1 ? [`a mean over ${timeFusion.weights.length} frames`] : []),
    ...(restore === 'probabilities' ? ['probabilities brought onto the grid of the file'] : []),
    ...(cleaning ? ['cleaning'] : []),
    ...(completes ? ['completion by the shapes of the source'] : []),
  ].join(', ');
}
