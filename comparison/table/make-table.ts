/**
 * From the scores of every system to the table: means over videos, intervals over patients (and seeds), and of each
 * measure the best contender, which all others are tested against on the videos that both have.
 */
import { randomStream } from '../../ground/random.ts';
import { allSteps, type Steps } from '../../ground/steps.ts';
import type { VideoScore } from '../../metrics/evaluation.ts';
import { type NestedValue, nestedBootstrapMean } from '../../metrics/nested-bootstrap.ts';
import { holmAdjusted, mcNemar, wilcoxonSignedRank } from '../../metrics/statistics.ts';
import { isBetter, type TableMeasure, tableMeasures } from './measures.ts';
import type { Cell, ComparisonTable, TableRow } from './table.ts';

/** Enough that the ends of an interval move by about a hundredth of its width from one seed to another. */
const RESAMPLES = 4000;

export interface ScoredRow extends Omit<TableRow, 'cells'> {
  readonly scores: readonly VideoScore[];
}

export interface TableFacts extends Omit<ComparisonTable, 'rows' | 'patients'> {
  /** Patient of every test video. */
  readonly studies: Readonly<Record<string, string>>;
  /** Seed of the comparison that every test video is of, where there are several. */
  readonly seedOf?: Readonly<Record<string, number>>;
}

type MutableCells = Partial<Record<TableMeasure['name'], Cell>>;

/** The same scores give the same table. */
export function makeTable(facts: TableFacts, rows: readonly ScoredRow[]): ComparisonTable {
  return allSteps(tableInSteps(facts, rows));
}

/** The same cell by cell, for who has to do something else in between: thousands of videos take a second each. */
export function* tableInSteps(
  { studies, seedOf = {}, ...facts }: TableFacts,
  rows: readonly ScoredRow[],
): Steps<ComparisonTable> {
  const cells = rows.map((): MutableCells => ({}));
  for (const measure of tableMeasures) {
    const values = rows.map(({ scores }) => valuesByPatient(measure, scores, studies));
    const column = yield* columnOf(measure, rows, values, seedOf);
    column.forEach((cell, index) => {
      if (cell) cells[index]![measure.name] = cell;
    });
  }
  const patients = new Set(rows.flatMap(({ scores }) => scores.map(({ id }) => studies[id] ?? id)));
  return {
    ...facts,
    patients: patients.size,
    rows: rows.map(({ scores: _, ...row }, index) => ({ ...row, cells: cells[index]! })),
  };
}

/** Value of every video that has it, by patient. */
type ByPatient = ReadonlyMap<string, ReadonlyMap<string, number>>;

function valuesByPatient(
  measure: TableMeasure,
  scores: readonly VideoScore[],
  studies: TableFacts['studies'],
): ByPatient {
  const patients = new Map<string, Map<string, number>>();
  for (const score of scores) {
    const value = measure.of(score);
    if (value === undefined) continue;
    const patient = studies[score.id] ?? score.id;
    const videos = patients.get(patient) ?? new Map<string, number>();
    patients.set(patient, videos.set(score.id, value));
  }
  return patients;
}

function* columnOf(
  measure: TableMeasure,
  rows: readonly ScoredRow[],
  values: readonly ByPatient[],
  seedOf: NonNullable<TableFacts['seedOf']>,
): Steps<(Cell | undefined)[]> {
  const plain: (Cell | undefined)[] = [];
  for (const [index, patients] of values.entries()) {
    const list = [...patients].flatMap(([patient, videos]) =>
      [...videos].map(([id, value]) => ({ seed: seedOf[id] ?? 0, patient, value })),
    );
    plain.push(plainCell(measure, list, rows[index]!.name));
    yield;
  }
  const ranks = ranksOf(measure, rows, values);
  const best = bestOf(measure, ranks);
  if (best === undefined) return plain;
  const tests = values.map((patients, index) =>
    index === best || !plain[index] ? undefined : pairedTest(measure, patients, values[best]!),
  );
  const adjusted = holmAdjusted(tests.flatMap((test) => test?.pValue ?? []));
  return plain.map((cell, index) => {
    const test = tests[index];
    if (!cell) return undefined;
    // Of equals all are the best, and the first one is what the others are tested against.
    const equal = ranks[index] === ranks[best];
    const tested = test && { versusBest: { ...test, adjusted: adjusted.shift()! } };
    return { ...cell, best: equal, ...tested };
  });
}

function plainCell({ name }: TableMeasure, values: readonly NestedValue[], row: string): Cell | undefined {
  if (values.length === 0) return undefined;
  const { mean, ...interval } = nestedBootstrapMean(
    values,
    randomStream(0, 'comparison', row, name),
    RESAMPLES,
  );
  // Draws of one patient are all the same: they would make an interval of no width.
  const drawn = new Set(values.map(({ seed, patient }) => `${seed} ${patient}`));
  return { mean, ...(drawn.size > 1 && interval), videos: values.length, best: false };
}

/**
 * By what contenders are ranked: the mean over all videos that any of them has, where one that a contender misses
 * counts as the worst. Otherwise whoever gives up where it is hard, or was asked for a few videos, would be ahead.
 * Undefined for who does not compete or has no numbers.
 */
function ranksOf(
  { better }: TableMeasure,
  rows: readonly ScoredRow[],
  values: readonly ByPatient[],
): (number | undefined)[] {
  const contenders = values.map((patients, index) => {
    const videos = new Map([...patients.values()].flatMap((one) => [...one]));
    return rows[index]!.standing === 'contender' && videos.size > 0 ? videos : undefined;
  });
  const all = new Map(contenders.flatMap((videos) => [...(videos ?? [])]));
  const found = contenders.flatMap((videos) => [...(videos?.values() ?? [])]);
  const worst = better === 'higher' ? 0 : found.reduce((most, value) => Math.max(most, value), 0);
  // Of all in one order, so that equals have equal sums.
  return contenders.map((videos) => videos && meanOf([...all.keys()], videos, worst));
}

/** Index of the contender with the best rank, the first of equals. */
function bestOf(measure: TableMeasure, ranks: readonly (number | undefined)[]): number | undefined {
  let best: number | undefined;
  ranks.forEach((rank, index) => {
    if (rank === undefined) return;
    if (best === undefined || isBetter(measure, rank, ranks[best]!)) best = index;
  });
  return best;
}

/** On means over the videos of each patient that both have: patients are what was drawn, not videos. */
function pairedTest(
  { verdict }: TableMeasure,
  ours: ByPatient,
  theirs: ByPatient,
): { difference: number; pValue: number; patients: number } | undefined {
  const pairs: (readonly [number, number])[] = [];
  for (const [patient, videos] of ours) {
    const others = theirs.get(patient);
    const common = [...videos.keys()].filter((id) => others?.has(id));
    if (common.length > 0) pairs.push([meanOf(common, videos), meanOf(common, others!)]);
  }
  if (pairs.length === 0) return undefined;
  const difference = pairs.reduce((sum, [a, b]) => sum + a - b, 0) / pairs.length;
  const { pValue } = verdict
    ? // The exact sign test: McNemar's, where every patient has one video.
      mcNemar(
        pairs.map(([a, b]) => a > b),
        pairs.map(([a, b]) => b > a),
      )
    : wilcoxonSignedRank(
        pairs.map(([a]) => a),
        pairs.map(([, b]) => b),
      );
  return { difference, pValue, patients: pairs.length };
}

/** @param otherwise the value of videos that have none */
function meanOf(ids: readonly string[], values: ReadonlyMap<string, number>, otherwise = Number.NaN): number {
  return ids.reduce((sum, id) => sum + (values.get(id) ?? otherwise), 0) / ids.length;
}
