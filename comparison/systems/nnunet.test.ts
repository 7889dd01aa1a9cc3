import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-node-gpu';
import { expect, it } from 'vitest';
import { RunConfigSchema } from '../../contracts/run-config.ts';
import { randomStream } from '../../ground/random.ts';
import type { NamedArrays } from '../../method/networks/named-arrays.ts';
import { encodeSafetensors } from '../../method/networks/safetensors.ts';
import { UNet3D } from '../../method/networks/unet3d.ts';
import { videosOfFold } from '../nnunet/folds.ts';
import { encodeNnUNetModel } from '../nnunet/model-file.ts';
import { type NnUNetPlan, planOf } from '../nnunet/plan.ts';
import { ringClip, ringWindows } from '../rings.fixture.ts';
import { nnunet } from './nnunet.ts';

const config = RunConfigSchema.parse({ source: 'a', target: 'b', preprocessing: { spacingMm: 1 } });

function ringPlan(): NnUNetPlan {
  return planOf(
    { spacings: Array(4).fill([1, 1, 1]), shapes: Array(4).fill([6, 16, 16]) },
    { configuration: '3d_fullres', memoryGb: 8, baseFilters: 4, classes: 3 },
  );
}

function ringNetwork(plan: NnUNetPlan, seed: number): UNet3D {
  const shape = {
    baseFilters: 4,
    maxFilters: Math.max(...plan.filters),
    strides: plan.strides as [number, number, number][],
    kernels: plan.kernels as [number, number, number][],
    inputChannels: 1,
    outputChannels: 3,
    deepSupervision: true,
    variant: 'nnunet' as const,
  };
  return UNet3D.initialise(shape, randomStream(seed, 'test'));
}

function opened(bytes: Uint8Array, run = config) {
  return nnunet.predict({
    settings: nnunet.settings.parse({ mirroring: false }),
    config: run,
    model: { bytes, origin: 'their-file' },
    rewards: [],
    shapes: undefined,
    files: {},
    givenMask: async () => undefined,
  });
}

const zip = new Uint8Array(400);
zip.set([0x50, 0x4b, 3, 4]);
const planText = JSON.stringify(ringPlan());
const safetensors = (metadata: Record<string, string>) =>
  encodeSafetensors({ a: { shape: [2], data: new Float32Array(2) } }, metadata);

it.each([
  ['a text', new TextEncoder().encode('This is no network, and long enough to be one.')],
  ['nothing', new Uint8Array()],
  ['a broken zip file', zip],
  ['a network of another kind', safetensors({ kind: 'policy' })],
  ['a network without a plan', safetensors({ kind: 'nnunet' })],
  ['a network with half a plan', safetensors({ kind: 'nnunet', plan: '{"configuration":"2d"}' })],
  ['a plan without a network', safetensors({ kind: 'nnunet', plan: planText, networks: '0' })],
  ['a number of networks that is none', safetensors({ kind: 'nnunet', plan: planText, networks: 'two' })],
  ['fewer networks than it says', safetensors({ kind: 'nnunet', plan: planText, networks: '2' })],
])('%s is refused by its name', (_, bytes) => {
  expect(() => opened(bytes)).toThrow(
    expect.objectContaining({
      code: 'CheckpointIncompatible',
      message: expect.stringContaining('their-file: '),
    }),
  );
});

it('segments at the pixel size that it was trained at, whatever that of the run is', async () => {
  const tensors = tf.memory().numTensors;
  const plan = ringPlan();
  const network = ringNetwork(plan, 1);
  const bytes = encodeSafetensors(network.toArrays(), { kind: 'nnunet', plan: JSON.stringify(plan) });
  network.dispose();
  const { image } = ringClip('source', 1);
  const other = { ...config, preprocessing: { ...config.preprocessing, spacingMm: 2 } };
  const found = [];
  for (const run of [config, other]) {
    const predictor = await opened(bytes, run);
    found.push(await predictor.predict({ id: 'v', image, reference: undefined }));
    predictor.dispose();
  }
  expect(found[1]).toEqual(found[0]);
  expect(tf.memory().numTensors).toBe(tensors);
});

it('averages the logits of all folds', async () => {
  const tensors = tf.memory().numTensors;
  const plan = ringPlan();
  const [first, second] = [1, 2].map((seed) => {
    const network = ringNetwork(plan, seed);
    const arrays = network.toArrays();
    network.dispose();
    return arrays;
  });
  const { image } = ringClip('source', 1);
  const labelsBy = async (...networks: NamedArrays[]) => {
    const predictor = await opened(encodeNnUNetModel({ plan, networks }));
    const { labels } = await predictor.predict({ id: 'v', image, reference: undefined });
    predictor.dispose();
    return labels;
  };
  const [one, other, both] = [
    await labelsBy(first!),
    await labelsBy(second!),
    await labelsBy(first!, second!),
  ];
  expect(await labelsBy(first!, first!)).toEqual(one);
  expect(await labelsBy(second!, first!)).toEqual(both);
  expect(both).not.toEqual(one);
  expect(both).not.toEqual(other);
  expect(tf.memory().numTensors).toBe(tensors);
});

it('has a training for each fold, which share the budget of one', () => {
  const sharesOf = (settings: object) =>
    nnunet.train!(nnunet.settings.parse(settings), config).map(({ name, budget }) => [name, budget]);
  expect(sharesOf({})).toEqual([
    ['plan', { source: 0, adaptation: 0 }],
    ['training', { source: 1, adaptation: 1 }],
  ]);
  expect(sharesOf({ folds: 2 })).toEqual([
    ['plan', { source: 0, adaptation: 0 }],
    ['fold-0', { source: 0.5, adaptation: 0.5 }],
    ['fold-1', { source: 0.5, adaptation: 0.5 }],
  ]);
  for (const folds of [1, 6]) expect(nnunet.settings.safeParse({ folds }).success).toBe(false);
});

it('trains the network of a fold on no video of its patients', async () => {
  const tensors = tf.memory().numTensors;
  const all = ringWindows('source', 4, 1);
  const seen = new Set<number>();
  const source = {
    ...all,
    window: (index: number, startFrame: number, frames: number) => {
      seen.add(index);
      return all.window(index, startFrame, frames);
    },
  };
  const sourcePatients = ['a', 'b', 'a', 'b'];
  const settings = nnunet.settings.parse({ folds: 2 });
  const plan = encodeNnUNetModel({ plan: ringPlan(), networks: [] });
  for (const index of [0, 1]) {
    seen.clear();
    const [, ...folds] = nnunet.train!(settings, config);
    const { training, dispose } = await folds[index]!.begin({
      ...{ settings, config, source, sourcePatients, target: all },
      ...{ steps: 6, rateFactor: 1, before: { bytes: plan, origin: 'plan' } },
    });
    while (!training.done) {
      await training.ready?.();
      training.step();
    }
    dispose();
    expect([...seen].sort()).toEqual(videosOfFold(sourcePatients, { index, of: 2 }, config.seed));
  }
  expect(tf.memory().numTensors).toBe(tensors);
});
