import { describe, expect, it } from 'vitest';
import { controlOf, differenceOf, meanOf, medianOf, type TableRow, tablesText } from './policy-table.ts';

type Values = readonly (number | undefined)[];

/** Videos with these Dice of the ventricle, two of a patient; without a number the measure is missing. */
function row(policy: string, way: string, values: Values, seed = 1): TableRow {
  const videos = values.map((lvDice, i) => {
    const validity = { anatomicallyValid: 0, temporallyValid: 0, temporallyValidAtFrameRate: 0 };
    const measures = {
      ...validity,
      invalidFrames: 0,
      flaggedFrames: i,
      ...(lvDice !== undefined && { lvDice }),
    };
    return { seed, id: `v${i}`, patient: `p${i >> 1}`, measures };
  });
  return { policy, way, videos };
}

it('takes means and medians over the videos that have the measure', () => {
  const one = row('a', 'plain', [0.9, 0.5, undefined, 0.8]);
  expect(meanOf(one, 'lvDice')!.mean).toBeCloseTo(2.2 / 3, 12);
  expect(medianOf(one, 'lvDice')).toBe(0.8);
  expect(medianOf(row('a', 'plain', [0.2, 0.4]), 'lvDice')).toBeCloseTo(0.3, 12);
  expect(meanOf(one, 'dice')).toBeUndefined();
});

it('compares each video with itself, whatever the order, and leaves out what one of the two lacks', () => {
  const before = row('a', 'plain', [0.9, 0.5, 0.7, 0.2]);
  const after = row('b', 'plain', [0.8, 0.6, undefined, 0.4]);
  const shuffled = { ...after, videos: [...after.videos].reverse() };
  expect(differenceOf(shuffled, before, 'lvDice')!.mean).toBeCloseTo(0.2 / 3, 12);
  const same = differenceOf(before, before, 'lvDice')!;
  expect(same).toEqual({ mean: 0, low: 0, high: 0 });
  expect(differenceOf(row('b', 'plain', [0.1], 2), before, 'lvDice')).toBeUndefined();
});

describe('a row is compared', () => {
  const rows = [
    row('source', 'plain', [0.5]),
    row('source', 'full', [0.6]),
    row('own', 'plain', [0.7]),
    row('own', 'full', [0.8]),
    { ...row('own', 'full + TTO', [0.9]), control: { policy: 'own', way: 'full' } },
  ];
  it('with the control segmented in the same way, and the control with its own plain way', () => {
    expect(rows.map((one) => controlOf(one, rows, 'source'))).toEqual([
      undefined,
      rows[0],
      rows[0],
      rows[1],
      rows[3],
    ]);
  });
  it('in a second table, with signs', () => {
    const [means, differences] = tablesText(rows, 'source').split('\n\n');
    expect(means).toContain('| own | full | 1 | 80.0 (80.0 to 80.0) |');
    expect(differences).toContain('| own - source | full - full | +20.0 (+20.0 to +20.0) |');
    expect(differences).toContain('| own - own | full + TTO - full | +10.0 (+10.0 to +10.0) |');
    expect(differences!.split('\n')).toHaveLength(6);
  });
});
