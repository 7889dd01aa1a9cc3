import { expect, test } from 'vitest';
import { formatManifest, type ManifestRow, parseManifest } from './manifest.ts';

const row: ManifestRow = {
  study: 'p1',
  view: 'a4c',
  id: 'p1-a4c',
  split: 'train',
  labelled: true,
  rows: 120,
  columns: 112,
  frames: 20,
  spacingRowMm: 1.1,
  spacingColumnMm: 1.2,
  frameTimeMs: 66.667,
};

test('rows come back as they were written', () => {
  const rows = [row, { ...row, view: 'a2c', id: 'p1-a2c', labelled: false }];
  expect(parseManifest(formatManifest(rows))).toEqual(rows);
  expect(parseManifest(formatManifest([]))).toEqual([]);
});

test('columns in another order, a byte order mark and Windows line ends are read', () => {
  const [header, line] = formatManifest([row]).trim().split('\n');
  const reversed = [header, line].map((text) => text!.split(',').reverse().join(','));
  expect(parseManifest(`\ufeff${reversed.join('\r\n')}\r\n\r\n`)).toEqual([row]);
});

test('all problems are reported at once, with their lines', () => {
  const csv = formatManifest([
    row,
    { ...row, id: 'p1-a2c' },
    { ...row, id: 'p2-a4c', study: 'p2' },
    { ...row, id: 'p3-a4c', study: 'p3' },
  ])
    .replace('p1,a4c,p1-a2c,train', 'p1,a4c,p1-a4c,test')
    .replace('p2-a4c,train,true', 'p2-a4c,training,yes')
    .replace('p3,a4c,p3-a4c,train,true,120', 'p3,a4c,../p3,train,true,');
  const message = String(
    (() => {
      try {
        return parseManifest(csv);
      } catch (error) {
        return error;
      }
    })(),
  );
  for (const part of [
    'line 3: the id of line 2 again',
    'line 3: its study',
    'line 4: split',
    'line 4: labelled',
    'line 5: id',
    'line 5: rows',
  ]) {
    expect(message).toContain(part);
  }
});

test('missing columns are named', () => {
  expect(() => parseManifest('study,view,id\n')).toThrow(/missing: split, labelled, rows/);
});
