import { expect, test } from 'vitest';
import type { VideoScore } from '../../metrics/evaluation.ts';
import { scoresCsv } from './score-csv.ts';

test('every row has the columns of the first line; what was not measured is empty, commas are quoted', () => {
  const score: VideoScore = {
    id: 'a, "b"',
    frames: 3,
    spacing: [0.5, 0.4],
    anatomical: { valid: false, invalidFrames: [0, 2], failures: { 0: 'holesInLv', 2: 'holesInLv' } },
    temporal: { valid: false, flaggedFrames: [1], failures: { lvArea: [1], lvLength: [1] } },
    clinical: { edFrame: 0, esFrame: 2, ejectionFraction: null, gls: -0.2 },
  };
  const [header, first, second, end] = scoresCsv([score, { ...score, id: 'c', view: 'a4c' }]).split('\n');
  const names = header!.split(',');
  expect(first!.startsWith('"a, ""b""",,,3,0.5,0.4,')).toBe(true);
  const cells = second!.split(',');
  expect(cells).toHaveLength(names.length);
  const cell = (name: string) => cells[names.indexOf(name)];
  expect(cell('view')).toBe('a4c');
  expect(cell('diceMean')).toBe('');
  expect(cell('anatomicalValid')).toBe('false');
  expect(cell('anatomicalInvalidFrames')).toBe('2');
  expect(cell('anatomicalHolesInLv')).toBe('2');
  expect(cell('temporalLvArea')).toBe('1');
  expect(cell('ejectionFraction')).toBe('');
  expect(cell('gls')).toBe('-0.2');
  expect(end).toBe('');
  expect(new Set(names).size).toBe(names.length);
});
