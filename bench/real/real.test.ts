import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { projectRoot } from '../../runtime/installation.ts';
import type { TableRow } from '../shared/policy-table.ts';
import { openRealEcho } from '../shared/real-echo.ts';
import { byGroup } from './groups.ts';
import { refuseProjectFolder } from './pictures.ts';

/** A row of loops by id; those with a number have that Dice of the ventricle. */
function row(policy: string, loops: Readonly<Record<string, number | undefined>>): TableRow {
  const videos = Object.entries(loops).map(([id, lvDice]) => {
    const validity = { anatomicallyValid: 1, temporallyValid: 1, temporallyValidAtFrameRate: 1 };
    const measures = {
      ...validity,
      invalidFrames: 0,
      flaggedFrames: 0,
      ...(lvDice !== undefined && { lvDice }),
    };
    return { seed: 1, id, patient: id, measures };
  });
  return { policy, way: 'plain', videos };
}

const idsOf = (rows: readonly TableRow[] | undefined) =>
  rows?.map(({ videos }) => videos.map(({ id }) => id));

it('scores recorded loops apart, and all annotated ones where the other splits were scored', () => {
  const source = [row('a', { c1: 0.9 })];
  const target = [row('a', { e1: 0.8, r1: undefined }), row('b', { e1: 0.7, r1: undefined })];
  expect(idsOf(byGroup({ source, target }).recorded)).toEqual([['r1'], ['r1']]);
  expect(byGroup({ source, target })).not.toHaveProperty('annotated');
  const others = [row('a', { e2: 0.6 }), row('b', { e2: 0.5 })];
  expect(idsOf(byGroup({ source, target, others }).annotated)).toEqual([
    ['e2', 'e1'],
    ['e2', 'e1'],
  ]);
});

it('writes nothing of the sets into the project', () => {
  expect(() => refuseProjectFolder(join(projectRoot, 'docs'))).toThrow('choose a folder outside');
  expect(() => refuseProjectFolder(projectRoot)).toThrow('choose a folder outside');
  expect(() => refuseProjectFolder(join(projectRoot, '.echoloop', 'bench-real'))).not.toThrow();
  expect(() => refuseProjectFolder(tmpdir())).not.toThrow();
});

it('has nothing to run without the sets', () => {
  expect(openRealEcho(mkdtempSync(join(tmpdir(), 'no-echo-')))).toBeUndefined();
});
