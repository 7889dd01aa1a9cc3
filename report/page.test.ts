import { describe, expect, it } from 'vitest';
import { dataUri } from './data-uri.ts';
import { headlineRows } from './headline.ts';
import { renderReport } from './page.ts';
import type { ReportInput } from './report-data.ts';

const before = {
  videos: 16,
  anatomicalValidity: 0.5,
  temporalValidity: 0.4375,
  dice: 0.8,
  hausdorffMm: 7.81,
};
const after = {
  videos: 16,
  anatomicalValidity: 0.9375,
  temporalValidity: 0.4375,
  dice: 0.86,
  hausdorffMm: 8.2,
};
const pixel = dataUri(Uint8Array.of(1, 2, 3), 'image/png');

const report: ReportInput = {
  run: 'phantoms-1',
  config: { preset: 'tiny', seed: 3, iterations: 2, source: 'source', target: 'target' },
  before,
  after,
  curves: [
    {
      stage: 'Fine-tuning, iteration 1',
      name: 'reward',
      points: [
        [0, 0.5],
        [1, 0.6],
        [2, 0.71],
      ],
    },
    {
      stage: 'Fine-tuning, iteration 1',
      name: 'divergence',
      points: [
        [0, 0.1],
        [1, 0.2],
        [2, 0.2],
      ],
    },
    { stage: 'Empty', name: 'nothing', points: [] },
  ],
  pictures: [{ title: 'Clip <1>', alt: 'A heart', uri: pixel, still: pixel }],
  labelling: [{ iteration: 1, kept: 4, corrected: 5, rejected: 6 }],
  quarantine: { videos: 1, total: 33, reasons: [{ reason: 'FormatUnsupported', videos: 1 }] },
};

describe('the headline', () => {
  it('says of every measure whether it became better', () => {
    const rows = Object.fromEntries(headlineRows({ before, after }).map((row) => [row.label, row]));
    expect(rows['Dice, mean of LV and myocardium']).toMatchObject({
      before: '80.0 %',
      after: '86.0 %',
      change: '+6.0 points',
      direction: 'better',
    });
    expect(rows['Hausdorff distance']).toMatchObject({ change: '+0.39 mm', direction: 'worse' });
    expect(rows['Temporally valid videos']).toMatchObject({ change: '0', direction: 'same' });
  });

  it('puts the interval of a change behind it', () => {
    const intervals = { dice: { low: 0.012, high: 0.1 }, temporalValidity: { low: -0.0625, high: 0.0001 } };
    const rows = Object.fromEntries(
      headlineRows({ before, after, change: intervals }).map((row) => [row.label, row]),
    );
    expect(rows['Dice, mean of LV and myocardium']!.change).toBe('+6.0 points (+1.2 to +10.0)');
    expect(rows['Dice, mean of LV and myocardium']!.direction).toBe('better');
    expect(rows['Temporally valid videos']!.change).toBe('0 (-6.3 to 0)');
    expect(rows['Hausdorff distance']!.change).toBe('+0.39 mm');
  });

  it('calls nothing better or worse that may be chance', () => {
    const change = { dice: { low: -0.01, high: 0.1 } };
    expect(headlineRows({ before, after, change })[0]).toMatchObject({ direction: 'unclear' });
  });

  it('sets beside them what the first policy was worth as published', () => {
    const plain = { ...before, dice: 0.7 };
    const changeFromPlain = { dice: { low: 0.1, high: 0.2 } };
    const [dice] = headlineRows({ plain, before, after, changeFromPlain });
    expect(dice!.plain).toEqual({
      value: '70.0 %',
      change: '+16.0 points (+10.0 to +20.0)',
      direction: 'better',
    });
    expect(dice!.change).toBe('+6.0 points');
  });

  it('leaves out what neither side has and marks what one side lacks', () => {
    const rows = headlineRows({ after: { videos: 1, anatomicalValidity: 1, temporalValidity: 0 } });
    expect(rows.map((row) => row.label)).toEqual(['Anatomically valid videos', 'Temporally valid videos']);
    expect(rows[0]).toMatchObject({ before: '-', after: '100.0 %', direction: 'none' });
  });
});

describe('the report page', () => {
  it('loads nothing and runs nothing', async () => {
    const page = await renderReport(report);
    expect(page).not.toMatch(/<script|<link|@import|url\(|src="http/i);
    const addresses = page.match(/https?:\/\/[^"' ]+/g) ?? [];
    expect(addresses.filter((address) => !address.startsWith('http://www.w3.org/'))).toEqual([]);
  });

  it('escapes text from outside', async () => {
    const page = await renderReport({ ...report, run: '"><img src=x onerror=alert(1)>' });
    expect(page).toContain('Clip &#60;1&#62;');
    expect(page).not.toContain('<img src=x');
  });

  it('draws one chart for the curves of one stage, with words for people who do not see it', async () => {
    const page = await renderReport(report);
    expect(page.match(/<svg/g)).toHaveLength(1);
    expect(page).toContain(
      'aria-label="Fine-tuning, iteration 1: reward from 0.500 to 0.710; divergence from 0.100 to 0.200"',
    );
  });

  it('offers a still picture to people who ask for less motion', async () => {
    expect(await renderReport(report)).toContain('media="(prefers-reduced-motion: reduce)"');
  });

  it('refuses pictures that are not inside the page', async () => {
    const picture = { title: 'x', alt: 'x', uri: 'picture.png' };
    await expect(renderReport({ ...report, pictures: [picture] })).rejects.toThrow('data URI');
  });

  it('can be drawn before anything was evaluated', async () => {
    const page = await renderReport({ run: 'early', config: report.config });
    expect(page).toContain('Adaptation to target');
    expect(page).not.toContain('Before and after');
  });
});
