import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-node-gpu';
import { expect, it } from 'vitest';
import { policySettings } from '../contracts/policy-settings.ts';
import { InferenceSchema, RunConfigSchema } from '../contracts/run-config.ts';
import { preprocess } from '../datasets/preprocessing.ts';
import { segmentPrepared } from '../method/inference/segment-prepared.ts';
import { encodeNetwork } from '../method/networks/network-checkpoint.ts';
import { policyPredictor } from './policy-predictor.ts';
import { ringClip } from './rings.fixture.ts';
import { newPolicy } from './source-training.ts';

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
  inference: { overlap: 0.75, cleaning: true, timeFusion: { weights: [1, 2, 1] } },
});

it('segments by all that the policy says, or by its sliding windows alone', async () => {
  const before = tf.memory().numTensors;
  const policy = newPolicy(config);
  const model = { bytes: encodeNetwork(policy, 'policy', policySettings(config)), origin: 'test' };
  const { image } = ringClip('source', 1);
  const expected = [config.inference, InferenceSchema.parse({ overlap: 0.75 })].map(
    (inference) => segmentPrepared(policy, preprocess(image, config.preprocessing), inference).labels,
  );
  policy.dispose();
  for (const [index, choice] of (['configured', 'plain'] as const).entries()) {
    // What the policy says counts, not what the comparison is configured to.
    const predictor = policyPredictor(model, { ...config, inference: InferenceSchema.parse({}) }, choice);
    expect(await predictor.predict({ id: 'v', image, reference: undefined })).toEqual(expected[index]);
    predictor.dispose();
  }
  expect(expected[0]!.labels).not.toEqual(expected[1]!.labels);
  expect(tf.memory().numTensors).toBe(before);
});
