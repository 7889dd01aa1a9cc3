import '@tensorflow/tfjs-node-gpu';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { presets } from '../../contracts/presets.ts';
import { LinearShapesSchema } from '../../contracts/run-config.ts';
import { generatePhantom } from '../../datasets/phantom/phantom.ts';
import { randomStream } from '../../ground/random.ts';
import { encodeNetworkArrays } from '../../method/networks/network-checkpoint.ts';
import { initialArrays } from '../../method/networks/parameters.ts';
import { tinyUNet } from '../../method/networks/tiny-unet.fixture.ts';
import { planUNet } from '../../method/networks/unet-plan.ts';
import { fitLinearShapes } from '../../method/shapes/linear-shapes.ts';
import { decodeLinearShapes, encodeLinearShapes } from '../../method/shapes/shapes-checkpoint.ts';
import { writeArtefact } from '../../storage/artefacts.ts';
import { runKeys } from '../../storage/keys.ts';
import { MemoryStore } from '../../storage/memory-store.ts';
import { promoteByHand } from '../models/champion.ts';
import { addImported } from '../models/imported-model.ts';
import { loadChampionModel, loadNamedNetworks } from './networks.ts';

const shapes = encodeLinearShapes(
  fitLinearShapes(
    [generatePhantom({ domain: 'source', seed: 5, index: 0 }).labels],
    LinearShapesSchema.parse({ side: 16, framesPerVideo: 10, components: 3 }),
    randomStream(1, 'shapes'),
  ),
);

function checkpoint(kind: 'policy' | 'anatomical-reward', more: Readonly<Record<string, string>> = {}) {
  const channels = kind === 'policy' ? {} : { inputChannels: 2, outputChannels: 1 };
  const config = { ...tinyUNet, ...channels };
  const arrays = initialArrays(planUNet(config).parameters, randomStream(1, kind));
  return encodeNetworkArrays(config, arrays, kind, more);
}

const preprocessing = JSON.stringify({ spacingMm: 0.5, multiple: 8 });
const completing = { preprocessing, inference: JSON.stringify({ completion: { enabled: true } }) };

let folder: string;
const file = (name: string) => join(folder, `${name}.safetensors`);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'echoloop-networks-'));
  await writeFile(file('completing'), checkpoint('policy', completing));
  await writeFile(file('plain'), checkpoint('policy', { preprocessing }));
  await writeFile(file('silent'), checkpoint('policy'));
  await writeFile(file('reward'), checkpoint('anatomical-reward', { temperature: '1' }));
  await writeFile(file('shapes'), shapes);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('networks that are files', () => {
  it('come with the shapes that are named beside them', async () => {
    const { model } = await loadNamedNetworks({ model: file('completing'), shapes: file('shapes') }, true);
    expect(model.shapes).toEqual(decodeLinearShapes(shapes));
    model.policy.dispose();
  });

  it('are prepared for by a preset where they do not say how, and are refused one where they do', async () => {
    const { model } = await loadNamedNetworks({ model: file('silent'), preset: 'tiny' }, true);
    expect(model.preprocessing).toMatchObject(presets.tiny.preprocessing!);
    model.policy.dispose();
    const before = tf.memory().numTensors;
    const named = { model: file('plain'), preset: 'tiny' } as const;
    await expect(loadNamedNetworks(named, true)).rejects.toThrow(/plain.*Leave --preset out/);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('are refused shapes that nothing would use', async () => {
    const named = { model: file('plain'), shapes: file('shapes') };
    await expect(loadNamedNetworks(named, true)).rejects.toThrow(/do not ask for that.*Leave --shapes out/);
  });

  it('leave no tensors behind where one of them cannot be used', async () => {
    const before = tf.memory().numTensors;
    const [model, policy] = [file('completing'), file('plain')];
    for (const named of [
      { model, rewards: [file('reward')], shapes: policy },
      { model: file('silent'), rewards: [file('reward')] },
      { model, rewards: [policy] },
      { model, rewards: [file('reward'), file('reward')] },
      { model: policy, rewards: [file('reward')], shapes: file('shapes') },
    ]) {
      await expect(loadNamedNetworks(named, true)).rejects.toThrow();
      expect(tf.memory().numTensors).toBe(before);
    }
  });
});

describe('a model in the store', () => {
  const origin = { inputs: [], codeVersion: '0', mediaType: 'application/octet-stream' };
  const ofRun = async (known: Uint8Array): Promise<MemoryStore> => {
    const store = new MemoryStore();
    const config = JSON.stringify({ ...presets.tiny, source: 's', target: 't' });
    await writeArtefact(store, runKeys.config('r'), Buffer.from(config), origin);
    await writeArtefact(store, runKeys.policy('r', 0), checkpoint('policy'), origin);
    await writeArtefact(store, runKeys.linearShapes('r'), known, origin);
    await promoteByHand(store, 'm', 'r', 0);
    return store;
  };

  it('brings the shapes of its run, and is refused others', async () => {
    const store = await ofRun(shapes);
    const model = await loadChampionModel(store, 'm');
    expect(model.shapes).toEqual(decodeLinearShapes(shapes));
    model.policy.dispose();
    await expect(loadChampionModel(store, 'm', model.shapes)).rejects.toThrow(/model m .*has its own/);
  });

  it('is prepared for as in its run, and is refused a preset', async () => {
    const loading = loadChampionModel(await ofRun(shapes), 'm', undefined, 'real');
    await expect(loading).rejects.toThrow(/runs\/r\/.*Leave --preset out/);
  });

  it('leaves no tensors behind where its shapes are damaged, and says which they are', async () => {
    const before = tf.memory().numTensors;
    const loading = loadChampionModel(await ofRun(checkpoint('policy')), 'm');
    await expect(loading).rejects.toThrow(/linear-shapes\/shapes\.safetensors.*found "policy"/);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('takes shapes that are given where it brings none, as an imported policy does', async () => {
    const store = new MemoryStore();
    const bytes = checkpoint('policy', completing);
    await addImported(store, 'm', { bytes, kind: 'policy', codeVersion: '0' });
    const alone = await loadChampionModel(store, 'm');
    expect(alone.shapes).toBeUndefined();
    const given = decodeLinearShapes(shapes);
    const model = await loadChampionModel(store, 'm', given);
    expect(model.shapes).toBe(given);
    for (const { policy } of [alone, model]) policy.dispose();
  });
});
