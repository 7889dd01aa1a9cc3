import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { presets } from '../contracts/presets.ts';
import { resolveRunConfig } from './run-config.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'echoloop-config-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function configFile(content: unknown): Promise<string> {
  const file = join(folder, 'run.json');
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

const flags = { source: 'a', target: 'b' };

describe('the run configuration', () => {
  it('puts flags over the file, the file over the preset, the preset over the defaults', async () => {
    const file = await configFile({ preset: 'tiny', iterations: 5, seed: 8, ppo: { epochs: 7 } });
    const config = await resolveRunConfig(file, { ...flags, seed: 9, iterations: undefined });
    expect(config).toMatchObject({ preset: 'tiny', seed: 9, iterations: 5, source: 'a' });
    expect(config.ppo.epochs).toBe(7);
    expect(config.ppo.windowsPerEpoch).toBe(presets.tiny.ppo!.windowsPerEpoch);
    expect(config.ppo.clipRange).toBe(0.2);
  });

  it('names a mistyped field and the one that was meant, inside objects too', async () => {
    const file = await configFile({ ...flags, iteration: 2, ppo: { epoch: 1 } });
    const message = await resolveRunConfig(file, {}).catch((error: Error) => error.message);
    expect(message).toContain('no field "iteration". Did you mean "iterations"');
    expect(message).toContain('ppo: there is no field "epoch". Did you mean "epochs"');
  });

  it('names a mistyped preset and the one that was meant', async () => {
    const file = await configFile({ ...flags, preset: 'papper' });
    await expect(resolveRunConfig(file, {})).rejects.toThrow('Did you mean "paper"');
  });

  it('says how to name the datasets when they are missing', async () => {
    await expect(resolveRunConfig(undefined, {})).rejects.toThrow('--source DATASET');
  });

  it('says what is wrong with a file that is absent or no JSON object', async () => {
    await expect(resolveRunConfig(join(folder, 'absent.json'), flags)).rejects.toThrow('absent.json');
    await expect(resolveRunConfig(await configFile('{"a":'), flags)).rejects.toMatchObject({
      code: 'ConfigInvalid',
    });
    await expect(resolveRunConfig(await configFile([1]), flags)).rejects.toMatchObject({
      code: 'ConfigInvalid',
    });
  });
});
