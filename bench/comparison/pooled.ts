/** One table out of the comparisons of several seeds: their videos together, seeds drawn before patients. */
import { makeTable } from '../../comparison/table/make-table.ts';
import type { ComparisonTable, TableRow } from '../../comparison/table/table.ts';
import type { VideoScore } from '../../metrics/evaluation.ts';
import type { KeptComparison } from './kept.ts';

/**
 * Patients that several seeds have are the same ones; their videos count once a seed.
 * @param kept at least one
 * @throws Error when they are not of the same rows in the same order
 */
export function pooledTable(kept: readonly KeptComparison[]): ComparisonTable {
  refuseOtherRows(kept);
  const [first] = kept;
  const { rows, patients: _, ...facts } = first!.table;
  const seeds = kept.map(({ table }) => table.seeds[0]!);
  const studies: Record<string, string> = {};
  const seedOf: Record<string, number> = {};
  for (const [index, { studies: own }] of kept.entries()) {
    for (const [id, study] of Object.entries(own)) {
      studies[inSeed(seeds[index]!, id)] = study;
      seedOf[inSeed(seeds[index]!, id)] = seeds[index]!;
    }
  }
  const sum = (of: (one: KeptComparison) => number) => kept.reduce((total, one) => total + of(one), 0);
  return makeTable(
    { ...facts, seeds, videos: sum(({ table }) => table.videos), studies, seedOf },
    rows.map(({ cells: __, ...row }, index) => {
      const ofSeeds = kept.map(({ table }) => table.rows[index]!);
      // Numbers of some seeds alone would stand beside those of all.
      const unavailable = ofSeeds.find((one) => one.unavailable !== undefined)?.unavailable;
      return {
        ...row,
        missing: ofSeeds.reduce((total, { missing }) => total + missing, 0),
        ...faultsOf(ofSeeds),
        trainings: meanTrainings(ofSeeds),
        ...(unavailable !== undefined && { unavailable }),
        scores: unavailable === undefined ? scoresOf(row.name, kept) : [],
      };
    }),
  );
}

/** Numbers of one system would be averaged with those of another. */
function refuseOtherRows(kept: readonly KeptComparison[]): void {
  const [first, ...others] = kept.map(({ table: { seeds, rows } }) => ({
    seed: seeds[0],
    rows: rows.map(({ name }) => name).join(', '),
  }));
  for (const other of others) {
    if (other.rows === first!.rows) continue;
    throw new Error(
      `Seed ${first!.seed} has the rows ${first!.rows}, seed ${other.seed} ${other.rows}. Tables of several seeds are of the same rows: remove the folder of one of them, or give another --out.`,
    );
  }
}

/** Why videos are missing, counted over seeds. */
function faultsOf(rows: readonly TableRow[]): Pick<TableRow, 'faults'> {
  const all = rows.flatMap(({ faults = [] }) => faults);
  const codes = [...new Set(all.map(({ code }) => code))];
  const faults = codes.map((code) => {
    const same = all.filter((fault) => fault.code === code);
    return { ...same[0]!, videos: same.reduce((total, { videos }) => total + videos, 0) };
  });
  return faults.length > 0 ? { faults } : {};
}

/** Of a row, under ids that no other seed has. */
function scoresOf(row: string, kept: readonly KeptComparison[]): VideoScore[] {
  return kept.flatMap(({ table, scores }) =>
    scores[row]!.map((score) => ({ ...score, id: inSeed(table.seeds[0]!, score.id) })),
  );
}

function inSeed(seed: number, id: string): string {
  return `${seed}/${id}`;
}

/** Steps and seconds of each training, the mean over seeds. */
function meanTrainings(rows: readonly TableRow[]): TableRow['trainings'] {
  return rows[0]!.trainings.map(({ name }, index) => {
    const all = rows.flatMap(({ trainings }) => trainings[index] ?? []);
    const mean = (of: (training: (typeof all)[number]) => number) =>
      all.reduce((total, training) => total + of(training), 0) / all.length;
    return { name, steps: Math.round(mean(({ steps }) => steps)), seconds: mean(({ seconds }) => seconds) };
  });
}
