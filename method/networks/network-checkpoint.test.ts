import '@tensorflow/tfjs-node-gpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../ground/random.ts';
import { decodeNetwork, encodeNetwork } from './network-checkpoint.ts';
import { encodeSafetensors } from './safetensors.ts';
import { UNet3D } from './unet3d.ts';

const config = {
  baseFilters: 2,
  maxFilters: 4,
  strides: [
    [1, 1, 1],
    [1, 2, 2],
  ] as [number, number, number][],
  kernels: [
    [1, 3, 3],
    [3, 3, 3],
  ] as [number, number, number][],
  inputChannels: 2,
  outputChannels: 1,
  deepSupervision: false,
};

describe('network checkpoints', () => {
  it('give back the network and its metadata', () => {
    const before = tf.memory().numTensors;
    const net = UNet3D.initialise(config, randomStream(1, 'init'));
    const bytes = encodeNetwork(net, 'anatomical-reward', { temperature: '2.5' });
    const { network, metadata } = decodeNetwork(bytes, 'anatomical-reward');
    expect(network.config).toEqual(config);
    expect(network.toArrays()).toEqual(net.toArrays());
    expect(metadata.temperature).toBe('2.5');
    expect(encodeNetwork(network, 'anatomical-reward', { temperature: '2.5' })).toEqual(bytes);
    net.dispose();
    network.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuse another kind, a missing or invalid configuration, and missing weights', () => {
    const net = UNet3D.initialise(config, randomStream(1, 'init'));
    const arrays = net.toArrays();
    expect(() => decodeNetwork(encodeNetwork(net, 'critic'), 'policy')).toThrow(/"policy".*"critic"/);
    for (const metadata of [
      {},
      { config: '{}' },
      { config: 'no' },
      { config: JSON.stringify({ ...config, inputChannels: 9 }) },
    ]) {
      expect(() =>
        decodeNetwork(encodeSafetensors(arrays, { kind: 'policy', ...metadata }), 'policy'),
      ).toThrow(expect.objectContaining({ code: 'CheckpointIncompatible' }));
    }
    net.dispose();
  });
});
