import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rowsOfFile, rowsOfSpecs } from './row-specs.ts';

describe('systems as a person names them', () => {
  it('are trained here, or have their model from a run, a champion or a file', () => {
    expect(
      rowsOfSpecs(['unet3d', 'rl4seg3d=hospital-1', 'rl4seg3d-tto=model:ward', 'nnunet=fold_0/best.pth']),
    ).toEqual([
      { name: 'unet3d', system: 'unet3d', settings: {}, files: {} },
      { name: 'rl4seg3d', system: 'rl4seg3d', settings: {}, files: {}, from: { run: 'hospital-1' } },
      {
        name: 'rl4seg3d-tto',
        system: 'rl4seg3d',
        settings: { optimise: true },
        files: {},
        from: { model: 'ward' },
      },
      { name: 'nnunet', system: 'nnunet', settings: {}, files: {}, checkpoint: 'fold_0/best.pth' },
    ]);
  });

  it('are used in other ways by what follows their name', () => {
    expect(rowsOfSpecs(['unet3d-plain', 'ua-mt', 'rl4seg-2d-tto'])).toMatchObject([
      { name: 'unet3d-plain', system: 'unet3d', settings: { inference: 'plain' } },
      { name: 'ua-mt', system: 'ua-mt', settings: {} },
      { name: 'rl4seg-2d-tto', system: 'rl4seg-2d', settings: { optimise: true } },
    ]);
  });

  it('are folders of masks, and two experts', () => {
    expect(rowsOfSpecs(['folder=/data/their masks', 'inter-expert=/data/a,/data/b'])).toMatchObject([
      {
        name: 'their-masks',
        system: 'folder',
        settings: { title: 'their masks' },
        masks: '/data/their masks',
      },
      { name: 'inter-expert', references: '/data/a', masks: '/data/b' },
    ]);
  });

  it('have names of their own, also two of one system', () => {
    expect(rowsOfSpecs(['unet3d=a', 'unet3d=b', 'unet3d=c']).map(({ name }) => name)).toEqual([
      'unet3d',
      'unet3d-2',
      'unet3d-3',
    ]);
  });

  it('have no name that another has, be it numbered itself or as long as names may be', () => {
    const long = 'm'.repeat(60);
    const names = rowsOfSpecs(
      ['a/x', 'b/x', 'c/x-2', `a/${long}`, `b/${long}`].map((path) => `folder=${path}`),
    ).map(({ name }) => name);
    expect(names.slice(0, 3)).toEqual(['x', 'x-2', 'x-2-2']);
    expect(new Set(names).size).toBe(5);
    expect(Math.max(...names.map((name) => name.length))).toBe(60);
  });

  it.each(['folder', 'inter-expert=/data/a', 'unet3d=', '=x', 'a b'])('are refused as %s', (spec) => {
    expect(() => rowsOfSpecs([spec])).toThrow(expect.objectContaining({ code: 'ConfigInvalid' }));
  });

  it('come with their settings from a file, whose mistakes are named', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'echoloop-rows-'));
    try {
      const file = join(folder, 'rows.json');
      await writeFile(file, '[{"name":"a","system":"unet3d","settings":{"budget":"whole"}}]');
      expect(await rowsOfFile(file)).toMatchObject([{ name: 'a', settings: { budget: 'whole' } }]);
      await writeFile(file, '[{"name":"a","sistem":"unet3d"}]');
      await expect(rowsOfFile(file)).rejects.toMatchObject({
        code: 'ConfigInvalid',
        message: expect.stringContaining('sistem'),
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
