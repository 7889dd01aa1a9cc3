import { PNG } from 'pngjs';
import { expect, it } from 'vitest';
import type { ManifestRow } from '../datasets/manifest.ts';
import type { VerifiedVideo } from '../datasets/verify.ts';
import { renderDatasetSheet, type SheetData, sheetTile } from './dataset-sheet.ts';
import { sampleVideo } from './sample-video.ts';

const { image, labels } = sampleVideo(4, 40);
const facts = {
  sourceBits: 8,
  distinctLevels: 100,
  keptLevels: 100,
  scaling: { kind: 'type', low: 0, high: 255 } as const,
};
const row = (id: string, labelled = false): ManifestRow => ({
  study: `patient-${id}`,
  view: 'a4c',
  id,
  split: 'train',
  labelled,
  ...{ rows: 40, columns: 40, frames: 4, spacingRowMm: 0.5, spacingColumnMm: 0.4, frameTimeMs: 40 },
});
const verified = (id: string, more: Partial<VerifiedVideo> = {}): VerifiedVideo => ({
  row: row(id),
  video: { ...image, facts },
  labels: undefined,
  findings: [],
  ...more,
});
const warning = {
  severity: 'warning',
  reason: 'residual-text',
  code: 'DatasetInvalid',
  message: 'writing <b>inside</b>',
} as const;
const data: SheetData = { dataset: 'hospital', tiles: [], problems: [], quarantined: [] };
const pixelsOf = (picture: Uint8Array | undefined) => PNG.sync.read(Buffer.from(picture!));

it('a tile shows the first frame as it is recorded', () => {
  const { picture, frame } = sheetTile(verified('a'));
  expect(frame).toBe(0);
  const png = pixelsOf(picture);
  const at = (row: number, column: number) =>
    png.data[
      4 *
        (Math.floor(((row + 0.5) * png.height) / 40) * png.width +
          Math.floor(((column + 0.5) * png.width) / 40))
    ]!;
  for (const [r, c] of [
    [20, 20],
    [20, 9],
    [2, 2],
  ] as const)
    expect(Math.abs(at(r, c) - 255 * image.intensities[r * 40 + c]!)).toBeLessThan(4);
});

it('a tile of a reference shows the first frame that it knows, coloured; one that does not fit is left out', () => {
  const known = { ...labels, annotatedFrames: [2, 3] };
  const tile = sheetTile(verified('a', { row: row('a', true), labels: known }));
  expect(tile.frame).toBe(2);
  const isColoured = ({ data }: PNG) => data.some((value, i) => i % 4 === 0 && value !== data[i + 2]);
  expect(isColoured(pixelsOf(tile.picture))).toBe(true);
  const other = { ...labels, rows: 20, columns: 80 };
  expect(isColoured(pixelsOf(sheetTile(verified('a', { labels: other })).picture))).toBe(false);
});

it('a tile says that a reference is shown where it is, and only there', () => {
  const other = { ...labels, rows: 20, columns: 80 };
  const pageOf = (video: VerifiedVideo) => renderDatasetSheet({ ...data, tiles: [sheetTile(video)] });
  expect(pageOf(verified('a', { row: row('a', true), labels }))).toContain('reference in frame 0');
  for (const unusable of [{ labels: other }, { video: undefined, labels }]) {
    const page = pageOf(verified('a', { row: row('a', true), ...unusable }));
    expect(page).toContain('reference not shown');
    expect(page).not.toContain('reference in frame');
  }
});

it('the page tells errors from warnings by words too, and says where there is nothing', () => {
  const page = renderDatasetSheet({ ...data, tiles: [sheetTile(verified('a', { findings: [warning] }))] });
  expect(page).toContain('<b>warning, residual-text</b>');
  expect(renderDatasetSheet(data)).toContain('There is nothing to look at.');
});

it('the page has what is wrong first, with the reasons, and everything that was set aside', () => {
  const page = renderDatasetSheet({
    ...data,
    problems: ['manifest.csv: of another dataset'],
    tiles: [
      verified('sound'),
      verified('doubtful', { findings: [warning] }),
      verified('broken', {
        video: undefined,
        findings: [{ ...warning, severity: 'error', reason: 'unreadable', message: 'cut short' }],
      }),
    ].map(sheetTile),
    quarantined: [{ id: 'video-1', reason: 'video-1: expected ultrasound, found a CT image.' }],
  });
  const places = ['of another dataset', '>broken<', '>doubtful<', '>sound<', 'found a CT image'].map((text) =>
    page.indexOf(text),
  );
  expect(places.every((place) => place > 0)).toBe(true);
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(page).toContain('3 videos of 3 patients, 0 with a reference');
  expect(page).toContain('cannot be read');
  expect(page).toContain('4 frames of 40 x 40, 0.5 x 0.4 mm, 40 ms');
  expect(page).not.toContain('<b>inside');
});
