import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-node-gpu';
import { expect, it } from 'vitest';
import { policySettings } from '../contracts/policy-settings.ts';
import { InferenceSchema, RunConfigSchema } from '../contracts/run-config.ts';
import { preprocess } from '../datasets/preprocessing.ts';
import { segmentPrepared } from '../method/inference/segment-prepared.ts';
import { encodeNetwork } from '../method/networks/network-checkpoint.ts';
import { optimisingPredictor, policyPredictor } from './policy-predictor.ts';
import { ringClip } from './rings.fixture.ts';
import { newPolicy } from './source-training.ts';
import { rl4seg2d, singleFrames } from './systems/rl4seg.ts';

const config = RunConfigSchema.parse({
  source: 'a',
  target: 'b',
  preprocessing: { spacingMm: 1, multiple: 4, clahe: { enabled: false } },
  network: {
    baseFilters: 4,
    strides: [
      [1, 1, 1],
      [1, 2, 2],
    ],
    kernels: [
      [1, 3, 3],
      [3, 3, 3],
    ],
  },
  inference: { cleaning: true, timeFusion: { weights: [1, 2, 1] } },
});

it('segments by all that the comparison is configured to, whatever the policy says, or by its windows alone', async () => {
  const before = tf.memory().numTensors;
  const policy = newPolicy(config);
  const stated = { ...config, inference: InferenceSchema.parse({ overlap: 0.75, restore: 'probabilities' }) };
  const model = { bytes: encodeNetwork(policy, 'policy', policySettings(stated)), origin: 'test' };
  const { image } = ringClip('source', 1);
  const segmentedBy = (inference: typeof config.inference) =>
    segmentPrepared(policy, preprocess(image, config.preprocessing), inference).labels;
  const expected = {
    configured: segmentedBy({ ...config.inference, overlap: 0.75 }),
    plain: segmentedBy(InferenceSchema.parse({ overlap: 0.75 })),
  };
  policy.dispose();
  for (const choice of ['configured', 'plain'] as const) {
    const predictor = policyPredictor({ model, config, shapes: undefined }, choice);
    expect(await predictor.predict({ id: 'v', image, reference: undefined })).toEqual(expected[choice]);
    predictor.dispose();
  }
  expect(expected.configured.labels).not.toEqual(expected.plain.labels);
  expect(tf.memory().numTensors).toBe(before);
});

it('leaves no policy behind when a reward network cannot be opened', () => {
  const policy = newPolicy(config);
  const model = { bytes: encodeNetwork(policy, 'policy', policySettings(config)), origin: 'test' };
  policy.dispose();
  const before = tf.memory().numTensors;
  const rewards = [{ bytes: new Uint8Array([1, 2, 3]), origin: 'a damaged file' }];
  expect(() => optimisingPredictor({ model, config, shapes: undefined, rewards })).toThrow('a damaged file');
  expect(tf.memory().numTensors).toBe(before);
});

it('takes no mean over time where single frames are compared', async () => {
  const flat = singleFrames(config);
  const policy = newPolicy(flat);
  const model = { bytes: encodeNetwork(policy, 'policy', policySettings(flat)), origin: 'test' };
  const { image } = ringClip('source', 1);
  const prepared = preprocess(image, config.preprocessing);
  const expected = segmentPrepared(policy, prepared, flat.inference).labels;
  policy.dispose();
  const predictor = await rl4seg2d.predict({
    settings: rl4seg2d.settings.parse({}),
    config,
    model,
    rewards: [],
    shapes: undefined,
    files: {},
    givenMask: async () => undefined,
  });
  expect(await predictor.predict({ id: 'v', image, reference: undefined })).toEqual(expected);
  predictor.dispose();
});
