import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-node-gpu';
import { expect, it } from 'vitest';
import { RunConfigSchema } from '../../contracts/run-config.ts';
import { randomStream } from '../../ground/random.ts';
import { encodeSafetensors } from '../../method/networks/safetensors.ts';
import { UNet3D } from '../../method/networks/unet3d.ts';
import { planOf } from '../nnunet/plan.ts';
import { ringClip } from '../rings.fixture.ts';
import { nnunet } from './nnunet.ts';

const config = RunConfigSchema.parse({ source: 'a', target: 'b', preprocessing: { spacingMm: 1 } });

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
const safetensors = (metadata: Record<string, string>) =>
  encodeSafetensors({ a: { shape: [2], data: new Float32Array(2) } }, metadata);

it.each([
  ['a text', new TextEncoder().encode('This is no network, and long enough to be one.')],
  ['nothing', new Uint8Array()],
  ['a broken zip file', zip],
  ['a network of another kind', safetensors({ kind: 'policy' })],
  ['a network without a plan', safetensors({ kind: 'nnunet' })],
  ['a network with half a plan', safetensors({ kind: 'nnunet', plan: '{"configuration":"2d"}' })],
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
  const plan = planOf(
    { spacings: Array(4).fill([1, 1, 1]), shapes: Array(4).fill([6, 16, 16]) },
    { configuration: '3d_fullres', memoryGb: 8, baseFilters: 4, classes: 3 },
  );
  const network = UNet3D.initialise(
    {
      baseFilters: 4,
      maxFilters: Math.max(...plan.filters),
      strides: plan.strides as [number, number, number][],
      kernels: plan.kernels as [number, number, number][],
      inputChannels: 1,
      outputChannels: 3,
      deepSupervision: true,
      variant: 'nnunet',
    },
    randomStream(1, 'test'),
  );
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
