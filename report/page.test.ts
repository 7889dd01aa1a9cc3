import { describe, expect, it } from 'vitest';
import { dataUri } from './data-uri.ts';
import { headlineNotes, headlineRows, headlineSides, headlineVideos } from './headline.ts';
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
  quarantine: { videos: 1, folder: 'runs/phantoms-1/quarantine/' },
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
    const barely = { dice: { low: 0.0003, high: 0.1 } };
    expect(headlineRows({ before, after, change: barely })[0]).toMatchObject({
      change: '+6.0 points (0 to +10.0)',
      direction: 'unclear',
    });
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

  it('says where its numbers are of the videos by which the policy was chosen', async () => {
    const reference = { key: 'policy', sha256: 'ab'.repeat(32), bytes: 1 };
    const policy = (iteration: number) => ({ iteration, policy: reference, evaluation: reference });
    const [first, best] = [
      { ...policy(0), validation: before },
      { ...policy(1), validation: after },
    ];
    const sides = headlineSides({ policies: [first, best], best });
    expect(headlineVideos(sides)).toBe('16 target validation videos');
    expect(headlineNotes(sides)).toEqual([expect.stringContaining('by these the policy was chosen')]);
    const page = await renderReport({ ...report, ...sides });
    expect(page).toContain('by these the policy was chosen');
    expect(page).not.toContain('took no part in training');

    const tested = { ...best, test: { ...after, videos: 1 } };
    const held = headlineSides({ policies: [{ ...first, test: before }, tested], best: tested });
    expect(headlineVideos(held)).toBe('1 held-out target video');
    expect(headlineNotes(held)).toEqual([]);
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

  it('can be scrolled by the keyboard wherever a table may be wider than the page', async () => {
    const settings = [{ name: 'ppo.epochs', value: '3' }];
    const artefacts = [{ name: 'Policy', key: 'runs/r/policy', sha256: 'ab' }];
    const page = await renderReport({ ...report, config: { ...report.config, settings }, artefacts });
    const scrolling = page.match(/<div class="scroll"[^>]*>/g)!;
    expect(scrolling).toHaveLength(4);
    for (const region of scrolling) expect(region).toMatch(/tabindex="0" role="region" aria-label="[^"]+"/);
  });

  it('says where the reasons of unusable videos are', async () => {
    expect(await renderReport(report)).toContain(
      '1 video could not be used. Why is in the store, for each of them: <code>runs/phantoms-1/quarantine/</code>',
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
