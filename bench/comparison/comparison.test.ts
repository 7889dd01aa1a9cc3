import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ComparisonTableSchema } from '../../comparison/table/table.ts';
import { benchComparison } from '../comparison.ts';
import { claimsText } from './claims.ts';
import { type GivenRow, keptComparison } from './kept.fixture.ts';
import { pooledTable } from './pooled.ts';
import { rowsOf } from './rows.ts';

const steady: GivenRow = { flaggedFrames: () => 2, valid: () => true };

describe('the table of several seeds', () => {
  it('has the videos of all, and says how long trainings took on average', () => {
    const kept = [1, 2, 3].map((seed) =>
      keptComparison(seed, {
        ours: { flaggedFrames: (of) => of, valid: (of, patient) => patient < of, seconds: 100 * seed },
      }),
    );
    const table = pooledTable(kept);
    expect(ComparisonTableSchema.parse(table)).toEqual(table);
    expect(table).toMatchObject({ seeds: [1, 2, 3], videos: 12, patients: 12 });
    const [{ cells, trainings }] = table.rows as [(typeof table.rows)[number]];
    expect(cells.flaggedFrames).toMatchObject({ mean: 2, videos: 12 });
    expect(cells.anatomicalValidity!.mean).toBe(0.5);
    expect(trainings).toEqual([{ name: 'source', steps: 2000, seconds: 200 }]);
    // All videos of a seed are alike in it: what varies is the seed.
    expect([cells.flaggedFrames!.low, cells.flaggedFrames!.high]).toEqual([
      expect.closeTo(1, 0),
      expect.closeTo(3, 0),
    ]);
  });

  it('counts a patient that every seed has once', () => {
    const kept = [1, 2].map((seed) => keptComparison(seed, { ours: steady }, (patient) => `v${patient}`));
    expect(pooledTable(kept)).toMatchObject({ videos: 8, patients: 4 });
  });

  it('is not made of comparisons of other rows, or of the same ones in another order', () => {
    const first = keptComparison(1, { ours: steady, theirs: steady });
    for (const rows of [{ ours: steady }, { theirs: steady, ours: steady }] as const) {
      expect(() => pooledTable([first, keptComparison(2, rows)])).toThrow(/Seed 1 .*ours, theirs, seed 2/);
    }
  });

  it('has no numbers of a row that one of them lacks', () => {
    const without = { ...steady, unavailable: 'no weights' };
    const kept = [keptComparison(1, { ours: steady }), keptComparison(2, { ours: without })];
    expect(pooledTable(kept).rows[0]).toMatchObject({ unavailable: 'no weights', cells: {} });
  });
});

it('says of every claim whether the table shows it', () => {
  const flags = (count: (seed: number, patient: number) => number): GivenRow => ({
    flaggedFrames: count,
    valid: () => true,
  });
  const lineOf = (single: GivenRow) =>
    claimsText([1, 2].map((seed) => keptComparison(seed, { 'rl4seg-2d': single, rl4seg3d: steady }))).split(
      '\n',
    )[2];
  expect(lineOf(flags(() => 5))).toMatch(
    /flagged frames \| rl4seg3d - rl4seg-2d \| -3\.000 \(.*\) \| yes \|$/,
  );
  expect(lineOf(flags(() => 2))).toMatch(/ 0\.000 \(.*\) \| NO \|$/);
  expect(lineOf(flags((_, patient) => (patient === 0 ? 5 : 2)))).toMatch(/-0\.750 \(.*\) \| NO \|$/);
});

it('compares by rows whose settings fit the run, and lets a file say otherwise', async () => {
  const systems = ['unet3d', 'nnunet', 'ua-mt', 'rl4seg3d-tto'];
  const rows = await rowsOf({ systems, file: undefined, baseFilters: 16, startsGiven: true });
  expect(rows.map(({ name, settings }) => [name, settings])).toEqual([
    ['unet3d', {}],
    ['nnunet', { memoryGb: 1, baseFilters: 16 }],
    ['ua-mt', { start: 'source' }],
    ['rl4seg3d-tto', { optimise: true }],
  ]);
});

it('refuses a folder with comparisons of other options before it begins anything', async () => {
  const out = mkdtempSync(join(tmpdir(), 'echoloop-comparisons-'));
  try {
    const options = { seeds: [], videos: 8, systems: ['unet3d'], pictures: 0, out, log: () => undefined };
    const ask = (minutes: number) =>
      benchComparison({ ...options, minutes: { source: minutes, adaptation: 1 } });
    expect(await ask(1)).toEqual([]);
    expect(await ask(1)).toEqual([]);
    await expect(ask(2)).rejects.toThrow('other options');
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
});
