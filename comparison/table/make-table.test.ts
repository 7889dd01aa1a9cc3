import { describe, expect, it } from 'vitest';
import type { VideoScore } from '../../metrics/evaluation.ts';
import { csvTable, latexTable, markdownTable } from './forms.ts';
import { makeTable, type ScoredRow, type TableFacts, tableInSteps } from './make-table.ts';
import { tableMeasures } from './measures.ts';
import { notesOf } from './notes.ts';
import { comparisonPage } from './page.ts';
import { ADAPTATION, ComparisonTableSchema } from './table.ts';

function score(id: string, dice: number | undefined, valid: boolean): VideoScore {
  return {
    id,
    frames: 10,
    spacing: [1, 1],
    ...(dice !== undefined && { dice: { lv: dice, myo: dice, epi: dice, mean: dice } }),
    anatomical: { valid, invalidFrames: [], failures: {} },
    temporal: { valid: true, flaggedFrames: [], failures: {} },
    clinical: { edFrame: 0, esFrame: 1, ejectionFraction: null, gls: null },
  };
}

const ids = Array.from({ length: 12 }, (_, i) => `video-${i}`);
const facts: TableFacts = {
  source: 'clinic-a',
  target: 'clinic-b',
  seeds: [3],
  inference: 'sliding windows',
  videos: ids.length,
  codeVersion: 'test',
  // Two videos of every patient.
  studies: Object.fromEntries(ids.map((id, i) => [id, `patient-${i >> 1}`])),
};

function row(name: string, scores: readonly VideoScore[], changes: Partial<ScoredRow> = {}): ScoredRow {
  return {
    name,
    title: name,
    summary: 'What it is.',
    standing: 'contender',
    missing: 0,
    trainings: [],
    scores,
    ...changes,
  };
}

const good = row(
  'good',
  ids.map((id, i) => score(id, 0.9 + i / 1000, true)),
);
const poor = row(
  'poor',
  ids.map((id, i) => score(id, 0.8 + i ** 2 / 10_000, i >= 8)),
);

describe('the table', () => {
  const table = makeTable(facts, [
    poor,
    good,
    row(
      'expert',
      ids.map((id) => score(id, 0.99, true)),
      { standing: 'reference' },
    ),
    row('absent', [], { unavailable: 'no | weights_here' }),
  ]);
  const [first, second, expert, absent] = table.rows;

  it('marks the best contender and tests the others against it over patients, not videos', () => {
    expect(second!.cells.dice).toMatchObject({ best: true, videos: 12 });
    expect(second!.cells.dice).not.toHaveProperty('versusBest');
    const { versusBest } = first!.cells.dice!;
    // Six patients, all worse: the smallest p that six signs can have, doubled by the two rows that are tested.
    expect(versusBest).toMatchObject({ patients: 6, pValue: 2 / 2 ** 6 });
    expect(versusBest!.difference).toBeCloseTo(-0.1013, 4);
    expect(versusBest!.adjusted).toBeCloseTo(4 / 2 ** 6, 12);
    expect(first!.cells.anatomicalValidity!.versusBest!.pValue).toBe(2 / 2 ** 4);
  });

  it('lets nobody who is no contender be the best', () => {
    expect(expert!.cells.dice).toMatchObject({ best: false, mean: expect.closeTo(0.99) });
  });

  it('draws patients for its intervals', () => {
    const { mean, low, high } = first!.cells.anatomicalValidity!;
    expect(mean).toBeCloseTo(4 / 12);
    // Both videos of a patient agree here, so six values are drawn and not twelve.
    expect([low!, high!].map((value) => (value * 6) % 1)).toEqual([expect.closeTo(0), expect.closeTo(0)]);
    expect(low).toBe(0);
  });

  it('compares what both have: a video that one of them misses is in no test', () => {
    const partly = row(
      'partly',
      good.scores.slice(0, 6).map((found) => ({ ...found, dice: undefined })),
      { missing: 6 },
    );
    const { rows } = makeTable(facts, [partly, good]);
    expect(rows[0]!.cells).not.toHaveProperty('dice');
    expect(rows[0]!.cells.anatomicalValidity).toMatchObject({ mean: 1, videos: 6, best: false });
    expect(rows[0]!.cells.anatomicalValidity!.versusBest).toMatchObject({ patients: 3, pValue: 1 });
    expect(rows[1]!.cells.anatomicalValidity).toMatchObject({ best: true });
  });

  it('lets nobody be the best by leaving out what is hard, in measures of either direction', () => {
    const flagged = (name: string, frames: readonly number[], missing: number) =>
      row(
        name,
        ids.slice(missing).map((id, i) => ({
          ...score(id, 0.5 + i / 100, true),
          temporal: {
            valid: true,
            flaggedFrames: Array.from({ length: frames[i]! }, (_, t) => t),
            failures: {},
          },
        })),
        { missing },
      );
    const hard = [9, 8, 7, 6, 5, 4, 3, 2, 1, 1, 1, 1];
    const all = flagged('all', hard, 0);
    const few = flagged('few', hard.slice(9), 9);
    // One video that cannot be had does not make a far better system worse.
    const most = flagged('most', [...hard.slice(2), 0], 1);
    const bests = (...of: ScoredRow[]) =>
      makeTable(facts, of).rows.map(({ cells }) => [cells.dice!.best, cells.flaggedFrames!.best]);
    expect(bests(few, all)).toEqual([
      [false, false],
      [true, true],
    ]);
    expect(bests(most, all)[0]![1]).toBe(true);
  });

  it('draws seeds, too, where videos of several comparisons stand in one table', () => {
    const differing = row(
      'differing',
      ids.map((id, i) => score(id, i < 6 ? 0.8 : 0.9, true)),
    );
    const ofSeeds = {
      ...facts,
      seeds: [1, 2],
      seedOf: Object.fromEntries(ids.map((id, i) => [id, i < 6 ? 1 : 2])),
    };
    const [one, several] = [facts, ofSeeds].map((of) => makeTable(of, [differing]).rows[0]!.cells.dice!);
    expect(several!.mean).toBe(one!.mean);
    // One draw in four is of the same seed twice, all of whose patients are alike here.
    expect([several!.low, several!.high]).toEqual([expect.closeTo(0.8), expect.closeTo(0.9)]);
    expect(one!.high! - one!.low!).toBeLessThan(several!.high! - several!.low!);
  });

  it('says what every system was given: time, and how masks are made', () => {
    const minutes = { source: 3, adaptation: 2 };
    const adapted = (seconds: number) =>
      row('adapted', good.scores, { trainings: [{ name: ADAPTATION, steps: 0, seconds }] });
    const notes = (seconds: number) =>
      notesOf(makeTable({ ...facts, minutes }, [adapted(seconds)])).join('\n');
    expect(notes(119)).toContain('2.0 min, no more than the others have');
    expect(notes(180)).toContain('3.0 min, MORE than the others have');
    expect(notes(1)).toContain('segment by sliding windows;');
    expect(notes(1)).not.toContain('were given one');
    const ofSeeds = makeTable({ ...facts, minutes, seeds: [1, 2] }, [adapted(119)]);
    expect(notesOf(ofSeeds).join('\n')).toContain('the longest took on average over seeds 2.0 min');
    const given = makeTable({ ...facts, minutes, initialPolicy: 'runs/a/policy' }, [good]);
    expect(notesOf(given).join('\n')).toContain('were given one (runs/a/policy)');
  });

  it('has no interval of one patient, in no form, and says that so few prove nothing', () => {
    const one = { ...facts, videos: 2, studies: { 'video-0': 'p', 'video-1': 'p' } };
    const made = makeTable(
      one,
      [good, poor].map((full) => ({ ...full, scores: full.scores.slice(0, 2) })),
    );
    expect(ComparisonTableSchema.parse(made)).toEqual(made);
    expect(made.rows[0]!.cells.dice).toEqual({ mean: expect.closeTo(0.9005), videos: 2, best: true });
    expect(markdownTable(made)).toMatch(/^\| good +\| \*\*90\.\d\*\* +\| \*\*90/m);
    expect(latexTable(made)).toMatch(/^good & \\textbf\{90\.\d\} & \\textbf/m);
    expect(latexTable(made)).not.toContain('scriptsize');
    expect(comparisonPage(made, [])).toMatch(/>90\.\d</);
    expect(csvTable(made)).toMatch(/^good,good,contender,dice,0\.9005\d*,,,2,true,/m);
    expect(notesOf(made)[2]).toMatch(/of one patient there is no interval, and no test of fewer than 6/);
    expect(notesOf(table).join('\n')).not.toContain('Too few');
  });

  it('says of which videos a measure is where some have no reference, and not where some have no mask', () => {
    const some = good.scores.slice(0, 6);
    const [absent, unreferenced] = [
      some,
      some.map((found, i) => (i > 2 ? { ...found, dice: undefined } : found)),
    ].map((scores) => notesOf(makeTable(facts, [row('some', scores, { missing: 6 })])).join('\n'));
    expect(absent).not.toContain('of 6 videos:');
    expect(unreferenced).toContain(
      'LV Dice % of 3 videos, MYO Dice % of 3 videos, Dice % of 3 videos: those that',
    );
  });

  it('is made cell by cell, as thousands of videos take long', () => {
    const steps = [...tableInSteps(facts, [poor, good])];
    expect(steps).toHaveLength(2 * tableMeasures.length);
  });

  it('is a document of its schema, and the same again', () => {
    expect(ComparisonTableSchema.parse(table)).toEqual(table);
    expect(makeTable(facts, [poor, good])).toEqual(makeTable(facts, [poor, good]));
  });

  it('is written as Markdown, CSV and LaTeX with the same numbers, and with what is missing said', () => {
    const markdown = markdownTable(table).split('\n');
    expect(markdown[3]).toContain('**90.6 (90.3-90.8)**');
    expect(markdown[2]).toMatch(/80\.4 \(80\.\d-80\.\d\)/);
    expect(markdown[5]).toMatch(/^\| absent +\| not available +\| - /);
    expect(markdown.at(-2)).toContain('What it is. Not available: no \\| weights_here');
    expect(new Set(markdown.slice(0, 6).map((line) => line.split(/(?<!\\)\|/).length)).size).toBe(1);
    const csv = csvTable(table).split('\n');
    expect(csv.filter((line) => line.startsWith('good,good,contender,dice,'))).toEqual([
      expect.stringMatching(/^good,good,contender,dice,0\.9055/),
    ]);
    expect(csv.at(-2)).toMatch(/^absent,absent,contender,,.*,0,0,no \| weights_here$/);
    const latex = latexTable(table);
    expect(latex).toContain('\\textbf{90.6}');
    expect(latex).toContain('no \\textbar{} weights\\_here');
    expect(absent!.cells).toEqual({});
  });
});

describe('titles of people and rows without numbers', () => {
  const odd = '*[a]* \\| `b` <i>c</i> _d_ x_y, "50 %" & $e$ #1 ~ ^ {f}';
  const table = makeTable(facts, [
    row('odd', good.scores, { title: odd, summary: odd }),
    row('formula', [], { title: '=HYPERLINK("http://x")', unavailable: '-1, or\nmore' }),
    row('nothing', [], { missing: 12 }),
  ]);

  it('stay text in Markdown, where no cell is lost', () => {
    const lines = markdownTable(table).split('\n');
    expect(lines[2]).toContain('\\*\\[a\\]\\* \\\\\\| \\`b\\` \\<i>c\\</i> \\_d\\_ x_y,');
    // As GFM reads it: a backslash takes the sign after it along.
    const cells = lines.slice(0, 5).map((line) => line.replaceAll(/\\./g, '').split('|').length);
    expect(new Set(cells).size).toBe(1);
  });

  it('fill every column of the CSV, and are no formula', () => {
    const text = csvTable(table);
    const cells = text
      .trimEnd()
      .split(/\n(?!more)/)
      .map((line) => line.replaceAll(/"(?:[^"]|"")*"/g, 'q').split(','));
    expect(new Set(cells.map(({ length }) => length))).toEqual(new Set([cells[0]!.length]));
    expect(text).toContain(`formula,"'=HYPERLINK(""http://x"")",contender,`);
    expect(text).toContain(`"'-1, or\nmore"`);
    expect(text).toMatch(/^nothing,nothing,contender,,.*,12,0,$/m);
  });

  it('say in LaTeX what they say, and take nothing of the line before them', () => {
    const latex = latexTable(table);
    const escaped =
      '{*}{[}a]{*} \\textbackslash{}\\textbar{} `b` \\textless{}i\\textgreater{}c\\textless{}/i\\textgreater{} ' +
      '\\_d\\_ x\\_y, "50 \\%" \\& \\$e\\$ \\#1 \\textasciitilde{} \\textasciicircum{} \\{f\\}';
    expect(latex).toContain(`${escaped} & `);
  });

  it('are a table also where no row has numbers', () => {
    const none = makeTable(facts, [row('absent', [], { unavailable: 'no weights' })]);
    expect(markdownTable(none)).toMatch(/^\| absent +\| not available \|$/m);
    expect(latexTable(none)).not.toContain('multicolumn');
    expect(comparisonPage(none, [])).toContain('colspan="1"');
  });
});
