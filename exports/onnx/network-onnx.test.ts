import '@tensorflow/tfjs-node-gpu';
import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../ground/random.ts';
import { tinyUNet } from '../../method/networks/tiny-unet.fixture.ts';
import { UNet3D, type UNetConfig } from '../../method/networks/unet3d.ts';
import { networkOnnx } from './network-onnx.ts';

interface OnnxTensor {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}
interface OnnxSession {
  run(inputs: Readonly<Record<string, OnnxTensor>>): Promise<Readonly<Record<string, OnnxTensor>>>;
  release(): Promise<void>;
}
/** The part of onnxruntime-node that is called here; the package ships no types. */
interface OnnxRuntime {
  readonly InferenceSession: { create(model: Uint8Array): Promise<OnnxSession> };
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => OnnxTensor;
}
const require = createRequire(import.meta.url);
const { InferenceSession, Tensor } = require('onnxruntime-node') as OnnxRuntime;

/** The published strides and kernels with few filters; time is halved on two of its six levels. */
const six: UNetConfig = {
  ...tinyUNet,
  maxFilters: 16,
  strides: [
    [1, 1, 1],
    [1, 2, 2],
    [2, 2, 2],
    [2, 2, 2],
    [1, 2, 2],
    [1, 2, 2],
  ],
  kernels: [[1, 3, 3], ...Array.from({ length: 5 }, (): [number, number, number] => [3, 3, 3])],
  deepSupervision: true,
};

type Size = readonly [batch: number, frames: number, rows: number, columns: number];

/** Weights that no symmetry hides: norms off one, off zero. */
function trainedLike(config: UNetConfig): UNet3D {
  const network = UNet3D.initialise(config, randomStream(5, 'test'));
  const random = randomStream(6, 'test');
  const arrays = Object.fromEntries(
    Object.entries(network.toArrays()).map(([name, { shape, data }]) => [
      name,
      { shape, data: data.map((value) => value + 0.3 * random.normal() * (shape.length === 1 ? 1 : 0.1)) },
    ]),
  );
  network.assign(arrays);
  return network;
}

/** Logits of both, [batch, channel, time, row, column] in rising order of the last axis. */
async function bothLogits(network: UNet3D, session: OnnxSession, [batch, frames, rows, columns]: Size) {
  const { inputChannels } = network.config;
  const random = randomStream(7, 'video');
  const video = Float32Array.from({ length: batch * inputChannels * frames * rows * columns }, () =>
    random.uniform(),
  );
  const shape: [number, number, number, number, number] = [batch, inputChannels, frames, rows, columns];
  const { logits } = await session.run({ video: new Tensor('float32', video, shape) });
  const ours = tf.tidy(() => {
    const x = tf.transpose(tf.tensor(video, shape), [0, 2, 3, 4, 1]) as tf.Tensor5D;
    return tf.transpose(network.forward(x), [0, 4, 1, 2, 3]);
  });
  const result = {
    theirs: { shape: [...logits!.dims], values: logits!.data },
    ours: { shape: ours.shape, values: ours.dataSync() as Float32Array },
  };
  ours.dispose();
  return result;
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

describe('a network as ONNX', () => {
  it.each<{ name: string; config: UNetConfig; sizes: readonly Size[] }>([
    {
      name: 'policy of three levels',
      config: tinyUNet,
      sizes: [
        [1, 4, 16, 24],
        [2, 2, 8, 12],
        [1, 8, 40, 32],
      ],
    },
    {
      name: 'published shape',
      config: six,
      sizes: [
        [1, 4, 64, 32],
        [1, 8, 32, 96],
      ],
    },
    {
      name: 'reward network of two channels',
      config: { ...tinyUNet, inputChannels: 2, outputChannels: 1 },
      sizes: [[1, 2, 16, 16]],
    },
  ])('has the logits of tfjs to 1e-4 at any size: $name', async ({ config, sizes }) => {
    const before = tf.memory().numTensors;
    const network = trainedLike(config);
    const bytes = networkOnnx({
      kind: 'policy',
      config,
      arrays: network.toArrays(),
      metadata: {},
      version: '1.2.3',
    });
    const session = await InferenceSession.create(bytes);
    for (const size of sizes) {
      const { ours, theirs } = await bothLogits(network, session, size);
      expect(theirs.shape).toEqual(ours.shape);
      expect(Math.max(...ours.values.map(Math.abs))).toBeGreaterThan(0.1);
      expect(largestDifference(ours.values, theirs.values)).toBeLessThan(1e-4);
    }
    await session.release();
    network.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('says which labels, pixel size and sizes it is for, and keeps what the checkpoint says', () => {
    const network = UNet3D.initialise(tinyUNet, randomStream(1, 'test'));
    const bytes = networkOnnx({
      kind: 'policy',
      config: tinyUNet,
      arrays: network.toArrays(),
      metadata: { preprocessing: '{"spacingMm":0.37}' },
      spacingMm: 0.37,
      version: '1.2.3',
    });
    network.dispose();
    const text = Buffer.from(bytes).toString('latin1');
    for (const property of [
      '{"0":"background","1":"left ventricle","2":"myocardium"}',
      '{"frames":2,"rows":4,"columns":4}',
      '{"spacingMm":0.37}',
      'not for diagnosis',
    ]) {
      expect(text).toContain(property);
    }
  });

  it('is refused where a parameter is missing', () => {
    const source = { kind: 'policy', config: tinyUNet, metadata: {}, version: '1' } as const;
    expect(() => networkOnnx({ ...source, arrays: {} })).toThrow(/input_block.conv1.conv.weight/);
  });
});
