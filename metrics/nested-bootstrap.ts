/**
 * Bootstrap interval of a mean over videos that hang together: several videos of one patient, and, where a method was
 * trained several times, the same measure under several seeds (method.md 9.7).
 */
import { DomainError } from '../ground/errors.ts';
import type { RandomStream } from '../ground/random.ts';
import { type Interval, quantile } from './statistics.ts';

export interface NestedValue {
  /** Of the training; one number where there was one. */
  readonly seed: number;
  readonly patient: string;
  readonly value: number;
}

/** The sum and count of a patient's values under one seed. */
interface PatientSum {
  sum: number;
  count: number;
}

/** Those of all patients under one seed. */
interface SeedTable {
  readonly sums: Float64Array;
  readonly counts: Int32Array;
}

/**
 * Mean of all values with its percentile interval, from drawing seeds and within each of them patients, both with
 * replacement. Where seeds have patients in common, these are drawn for all seeds together, also where one of them
 * misses some: as independent draws, the same patients would seem to be several.
 * @throws DatasetInvalid for an empty list.
 */
export function nestedBootstrapMean(
  values: readonly NestedValue[],
  random: RandomStream,
  resamples = 4000,
  level = 0.95,
): Interval {
  if (values.length === 0)
    throw new DomainError('DatasetInvalid', 'A mean needs at least one value, found none.');
  const seeds = sumsBySeed(values);
  const common = commonPatients(seeds);
  const tables = seeds.map((patients) =>
    tableOf(common ? common.map((patient) => patients.get(patient)) : [...patients.values()]),
  );
  const together = common && new Int32Array(common.length);
  const means = new Float64Array(resamples);
  for (let k = 0; k < resamples; k++) means[k] = drawnMean(tables, together, random);
  means.sort();
  return {
    mean: values.reduce((sum, { value }) => sum + value, 0) / values.length,
    low: quantile(means, (1 - level) / 2),
    high: quantile(means, (1 + level) / 2),
  };
}

/** By seed and patient, patients in the same order where seeds have the same. */
function sumsBySeed(values: readonly NestedValue[]): Map<string, PatientSum>[] {
  const seeds = new Map<number, Map<string, PatientSum>>();
  const ordered = [...values].sort((a, b) => (a.patient < b.patient ? -1 : a.patient > b.patient ? 1 : 0));
  for (const { seed, patient, value } of ordered) {
    const patients = seeds.get(seed) ?? new Map<string, PatientSum>();
    seeds.set(seed, patients);
    const known = patients.get(patient) ?? { sum: 0, count: 0 };
    patients.set(patient, known);
    known.sum += value;
    known.count++;
  }
  return [...seeds.values()];
}

/** All patients, in order, where any of them has values under several seeds; undefined where every seed has its own. */
function commonPatients(seeds: readonly Map<string, PatientSum>[]): string[] | undefined {
  const all = new Set(seeds.flatMap((patients) => [...patients.keys()]));
  const total = seeds.reduce((sum, { size }) => sum + size, 0);
  return all.size < total || seeds.length === 1 ? [...all].sort() : undefined;
}

/** Without sums, a patient has no values under the seed. */
function tableOf(patients: readonly (PatientSum | undefined)[]): SeedTable {
  return {
    sums: Float64Array.from(patients, (patient) => patient?.sum ?? 0),
    counts: Int32Array.from(patients, (patient) => patient?.count ?? 0),
  };
}

/**
 * @param together place for the patients that are drawn for all seeds at once; for each seed by itself when left out
 */
function drawnMean(
  tables: readonly SeedTable[],
  together: Int32Array | undefined,
  random: RandomStream,
): number {
  for (;;) {
    const drawn: PatientSum = { sum: 0, count: 0 };
    if (together) for (let i = 0; i < together.length; i++) together[i] = random.integer(together.length);
    for (let s = 0; s < tables.length; s++)
      addDrawn(drawn, tables[random.integer(tables.length)]!, together, random);
    // Of patients that the drawn seeds have nothing of there is no mean.
    if (drawn.count > 0) return drawn.sum / drawn.count;
  }
}

function addDrawn(
  drawn: PatientSum,
  { sums, counts }: SeedTable,
  together: Int32Array | undefined,
  random: RandomStream,
): void {
  for (let i = 0; i < sums.length; i++) {
    const patient = together ? together[i]! : random.integer(sums.length);
    drawn.sum += sums[patient]!;
    drawn.count += counts[patient]!;
  }
}
