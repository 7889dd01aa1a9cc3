import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-node-gpu';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { permuteAxes } from '../../method/networks/named-arrays.ts';
import { decodeNetwork } from '../../method/networks/network-checkpoint.ts';
import { decodeSafetensors, encodeSafetensors } from '../../method/networks/safetensors.ts';
import { MemoryStore } from '../../storage/memory-store.ts';
import { goldenPath } from '../../test/golden/golden-files.ts';
import { loadChampionModel, loadChampionReward } from '../segmentation/networks.ts';
import { exportedWeights, importWeights } from './import-weights.ts';
import { addImported } from './imported-model.ts';

const published = goldenPath('unet_tiny_policy_weights.safetensors');
const fixture = (name: string) => join(import.meta.dirname, '../../method/networks/torch/fixtures', name);

const bytesOf = (data: Float32Array) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'echoloop-import-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

/** A reward network's weights: the fixture's policy with two channels in and one out. */
async function rewardFile(): Promise<string> {
  const { bytes } = await importWeights(fixture('policy.pt'), { kind: 'policy' });
  const { arrays } = decodeSafetensors(bytes);
  const first = arrays['input_block.conv1.conv.weight']!;
  const last = arrays['output_block.conv.weight']!;
  const data = Float32Array.from([...first.data, ...first.data]);
  const file = join(home, 'reward.safetensors');
  const changed = {
    ...arrays,
    'input_block.conv1.conv.weight': { shape: [1, 2, 3, 3, 1], data },
    'output_block.conv.weight': { shape: [1, 1, 1, 1, 1], data: last.data.slice(0, 1) },
  };
  await writeFile(file, encodeSafetensors(changed, {}));
  return file;
}

describe('imported weights', () => {
  it('give the logits that the published network gives', async () => {
    const { bytes } = await importWeights(published, { kind: 'policy' });
    const { arrays: io } = decodeSafetensors(readFileSync(goldenPath('unet_tiny_policy_io.safetensors')));
    const channelsLast = (name: string) => permuteAxes(io[name]!, [0, 4, 2, 3, 1]);
    const before = tf.memory().numTensors;
    const { network } = decodeNetwork(bytes, 'policy');
    const { shape, data } = channelsLast('x0');
    const x: tf.Tensor5D = tf.tensor(data, shape as [number, number, number, number, number]);
    const logits = network.forward(x);
    const expected = channelsLast('out0_0').data;
    const largest = logits
      .dataSync<'float32'>()
      .reduce((worst, value, i) => Math.max(worst, Math.abs(value - expected[i]!)), 0);
    expect(largest).toBeLessThan(1e-4);
    tf.dispose([x, logits]);
    network.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('come out again as they went in, under the published names', async () => {
    const { bytes } = await importWeights(published, { kind: 'policy' });
    const exported = exportedWeights(bytes, 'a test');
    const { arrays, metadata } = decodeSafetensors(exported.bytes);
    const { arrays: original } = decodeSafetensors(readFileSync(published));
    expect(Object.keys(arrays).sort()).toEqual(Object.keys(original).sort());
    for (const [name, { shape, data }] of Object.entries(original)) {
      expect(arrays[name]!.shape).toEqual(shape);
      expect(Buffer.compare(bytesOf(arrays[name]!.data), bytesOf(data)), name).toBe(0);
    }
    expect(metadata.format).toBe('pt');
    const file = join(home, 'again.safetensors');
    await writeFile(file, exported.bytes);
    expect(Buffer.compare((await importWeights(file, { kind: 'policy' })).bytes, bytes)).toBe(0);
    expect(() => exportedWeights(readFileSync(published), 'FILE')).toThrow(/^FILE: .*npx echoloop import/);
  });

  it('say how their videos are prepared: as published, or by the preset', async () => {
    const spacing = async (preset?: 'tiny') =>
      JSON.parse(
        decodeSafetensors((await importWeights(fixture('policy.pt'), { kind: 'policy', preset })).bytes)
          .metadata.preprocessing!,
      ).spacingMm;
    expect([await spacing(), await spacing('tiny')]).toEqual([0.37, 1.3]);
  });

  it.each([
    ['a kind that the network is not', 'policy.pt', { kind: 'critic' }, 'CheckpointIncompatible', '--kind'],
    [
      'a temperature of a policy',
      'policy.pt',
      { kind: 'policy', temperature: 2 },
      'ConfigInvalid',
      'temperature',
    ],
    ['a file that is not there', 'nothing.pt', { kind: 'policy' }, 'ArtefactMissing', 'ENOENT'],
    [
      'a file of another kind',
      'make_fixtures.py',
      { kind: 'policy' },
      'CheckpointIncompatible',
      'safetensors',
    ],
  ] as const)('refuse %s, naming the file', async (_, name, options, code, says) => {
    const importing = importWeights(fixture(name), options);
    await expect(importing).rejects.toMatchObject({ code });
    await expect(importing).rejects.toThrow(fixture(name));
    await expect(importing).rejects.toThrow(says);
  });

  it('tell a bare pickle from weights', async () => {
    const file = join(home, 'old.pt');
    await writeFile(file, Buffer.from('\x80\x02cos\nsystem\nX\x02\0\0\0id\x85R.', 'latin1'));
    await expect(importWeights(file, { kind: 'policy' })).rejects.toThrow(/bare pickle/);
  });
});

describe('imported weights in the store', () => {
  it('become a champion, whose reward networks are imported beside it', async () => {
    const store = new MemoryStore();
    const policy = await importWeights(fixture('policy.pt'), { kind: 'policy', preset: 'tiny' });
    const reward = { kind: 'anatomical-reward', codeVersion: '0' } as const;
    const options = { kind: reward.kind, temperature: 2.5 };
    const { bytes } = await importWeights(await rewardFile(), options);
    await expect(addImported(store, 'm', { ...reward, bytes })).rejects.toThrow('There is no model m');

    const champion = await addImported(store, 'm', { bytes: policy.bytes, kind: 'policy', codeVersion: '0' });
    expect(champion).toMatchObject({ sequence: 1, reason: 'Imported.' });
    expect(await addImported(store, 'm', { ...reward, bytes })).toMatchObject({
      sequence: 2,
      policy: champion.policy,
    });
    // The same kind again replaces it.
    expect((await addImported(store, 'm', { ...reward, bytes })).rewardNetworks).toHaveLength(1);

    const model = await loadChampionModel(store, 'm');
    expect(model.preprocessing.spacingMm).toBe(1.3);
    const loaded = await loadChampionReward(store, 'm');
    expect(loaded.networks).toMatchObject([{ kind: 'anatomical-reward', temperature: 2.5 }]);
    for (const part of [model.policy, loaded]) part.dispose();
    const critic = { ...reward, bytes, kind: 'critic' } as const;
    await expect(addImported(store, 'm', critic)).rejects.toThrow('--out FILE');
  });
});

it('take a checkpoint of nnU-Net as a policy for videos at its pixel size', async () => {
  const { bytes, config } = await importWeights(goldenPath('nnunet_3d.pth'), { kind: 'policy' });
  expect(config).toMatchObject({
    variant: 'nnunet',
    outputChannels: 3,
    strides: [
      [1, 1, 1],
      [1, 2, 2],
      [2, 2, 2],
    ],
  });
  const { network, metadata } = decodeNetwork(bytes, 'policy');
  expect(JSON.parse(metadata.preprocessing!)).toMatchObject({
    spacingMm: 1.3,
    multiple: 4,
    clahe: { enabled: false },
  });
  expect(Object.keys(network.toArrays())).toContain('upsamples.0.transp_conv.bias');
  network.dispose();
  await expect(importWeights(goldenPath('nnunet_3d.pth'), { kind: 'critic' })).rejects.toMatchObject({
    code: 'CheckpointIncompatible',
  });
});
