import { expect, it } from 'vitest';
import { LabellingSchema } from '../../contracts/run-config.ts';
import { generatePhantom } from '../../datasets/phantom/phantom.ts';
import { randomStream } from '../../ground/random.ts';
import type { LabelVideo } from '../../imaging/image.ts';
import type { PolicyLogits } from './labelling.ts';
import { landmarkExamples } from './landmark-labelling.ts';

const phantom = generatePhantom({ domain: 'source', seed: 3, index: 0 });
const pixels = phantom.image.rows * phantom.image.columns;
const image = { ...phantom.image, frames: 1, intensities: phantom.image.intensities.slice(0, pixels) };
const truth: LabelVideo = {
  ...phantom.labels,
  frames: 1,
  labels: phantom.labels.labels.slice(0, pixels),
};
const config = LabellingSchema.parse({ weightNoise: [0.1, 0.2], contrast: [0.4], imageNoise: [0.3] });

function logitsOf(labels: Uint8Array): Float32Array {
  const logits = new Float32Array(labels.length * 3);
  labels.forEach((label, i) => {
    logits[3 * i + label] = 9;
  });
  return logits;
}

async function examplesOf(policyLogits: PolicyLogits, ofTruth = truth) {
  const random = randomStream(1, 'landmarks');
  const task = { image, truth: ofTruth, policyLogits, config, mistakeMm: 4, random };
  const examples = [];
  for await (const example of landmarkExamples(task)) examples.push(example);
  return examples;
}

it('gives one example for every degradation, with the label of what the policy made of it', async () => {
  const raised = new Uint8Array(truth.labels.length);
  const rows = Math.ceil(8 / truth.spacingMm[0]);
  raised.set(truth.labels.subarray(rows * truth.columns));
  const examples = await examplesOf((_, weights) => logitsOf(weights === 'clean' ? truth.labels : raised));
  expect(examples).toHaveLength(4);
  for (const [index, { segmentation, correct }] of examples.entries()) {
    const noisy = index < config.weightNoise.length;
    expect(segmentation.labels).toEqual(noisy ? raised : truth.labels);
    expect(correct.reduce((a, b) => Math.min(a, b), 1)).toBe(noisy ? 0 : 1);
  }
});

it('skips empty predictions, and a video whose annotation lacks a corner', async () => {
  const half = (_: unknown, weights: unknown) =>
    logitsOf(weights === 'clean' ? truth.labels : new Uint8Array(truth.labels.length));
  expect(await examplesOf(half)).toHaveLength(2);
  const empty = { ...truth, labels: new Uint8Array(truth.labels.length) };
  expect(await examplesOf(half, empty)).toHaveLength(0);
});
