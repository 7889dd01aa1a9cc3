import { describe, expect, it } from 'vitest';
import { LabellingSchema } from '../../contracts/run-config.ts';
import { generatePhantom } from '../../datasets/phantom/phantom.ts';
import { randomStream } from '../../ground/random.ts';
import { type GreyVideo, type LabelVideo, labelFrame } from '../../imaging/image.ts';
import { cleanVideo } from '../../imaging/morphology.ts';
import { isFrameAnatomicallyValid } from '../../metrics/anatomy.ts';
import { labelVideo, type PolicyLogits } from './labelling.ts';

const phantom = generatePhantom({ domain: 'source', seed: 3, index: 0 });
/** Four frames are enough, and fast. */
const pixelCount = 4 * phantom.image.rows * phantom.image.columns;
const image: GreyVideo = {
  ...phantom.image,
  frames: 4,
  intensities: phantom.image.intensities.slice(0, pixelCount),
};
const truth: LabelVideo = {
  ...phantom.labels,
  frames: 4,
  labels: phantom.labels.labels.slice(0, pixelCount),
};
const config = LabellingSchema.parse({});
const empty: LabelVideo = { ...truth, labels: new Uint8Array(truth.labels.length) };
const random = () => randomStream(1, 'labelling');

/** Logits that say the labels, with the given certainty. */
function logitsOf(video: LabelVideo, certainty = 20): Float32Array {
  const logits = new Float32Array(video.labels.length * 3);
  for (let i = 0; i < video.labels.length; i++) logits[i * 3 + video.labels[i]!] = certainty;
  return logits;
}

/** The truth moved down by some rows. */
function shifted(video: LabelVideo, rows: number): LabelVideo {
  const labels = new Uint8Array(video.labels.length);
  const pixels = video.rows * video.columns;
  for (let t = 0; t < video.frames; t++) {
    const frame = video.labels.subarray(t * pixels, (t + 1) * pixels - rows * video.columns);
    labels.set(frame, t * pixels + rows * video.columns);
  }
  return { ...video, labels };
}

describe('reward labelling', () => {
  it('has a phantom whose truth is valid, which the other tests rely on', () => {
    const cleaned = cleanVideo(truth);
    for (let t = 0; t < truth.frames; t++)
      expect(isFrameAnatomicallyValid(labelFrame(cleaned, t))).toBe(true);
  });

  it('takes what the sweep segmented for the truth where that is asked for, and the plain prediction for a failure', async () => {
    const plain = shifted(truth, 1);
    const policyLogits: PolicyLogits = (_, weights) =>
      logitsOf(weights === 'clean' ? plain : shifted(truth, 2));
    const bySweep = LabellingSchema.parse({
      truth: 'sweep',
      contrast: [],
      imageNoise: [],
      weightNoise: [0.1],
    });
    const correct = (cleaned: LabelVideo) => cleaned;
    const task = { image, policyLogits, correct, config: bySweep, random: random() };
    const { triples, approximateTruth } = await labelVideo({ ...task, swept: truth });
    expect(approximateTruth!.labels).toEqual(cleanVideo(truth).labels);
    expect(triples.map(({ segmentation }) => segmentation.labels)).toEqual([
      plain.labels,
      shifted(truth, 2).labels,
    ]);
    expect(triples[0]!.correct).toContain(0);
    await expect(labelVideo(task)).rejects.toThrow('was not given what the sweep segmented');
  });

  it('keeps a valid prediction that its correction agrees with, and degrades it in every way', async () => {
    const calls: (string | number)[] = [];
    const policyLogits: PolicyLogits = (_, weights) => {
      calls.push(weights);
      return logitsOf(weights === 'clean' ? truth : shifted(truth, 2));
    };
    const task = { image, policyLogits, correct: (cleaned: LabelVideo) => cleaned, config, random: random() };
    const { outcome, agreement, triples, approximateTruth } = await labelVideo(task);
    expect(outcome).toBe('kept');
    expect(agreement).toBe(1);
    expect(calls).toEqual(['clean', 0.1, 0.15, 0.2, 0.25, 'clean', 'clean', 'clean', 'clean']);
    expect(triples).toHaveLength(8);
    expect(approximateTruth?.labels).toEqual(cleanVideo(truth).labels);
    const [first] = triples;
    expect(first!.image).toBe(image);
    const expected = first!.segmentation.labels.map((label, i) =>
      label === approximateTruth!.labels[i] ? 1 : 0,
    );
    expect(first!.correct).toEqual(expected);
    expect(first!.correct.includes(0)).toBe(true);
  });

  it('makes mistakes of structure in a kept segmentation, as many as asked for', async () => {
    const none = { contrast: [], imageNoise: [], weightNoise: [] };
    const { outcome, triples } = await labelVideo({
      image,
      policyLogits: () => logitsOf(truth),
      correct: (cleaned) => cleaned,
      config: LabellingSchema.parse({ ...none, structural: 5 }),
      random: random(),
    });
    expect(outcome).toBe('kept');
    expect(triples.length).toBeGreaterThan(2);
    expect(triples.length).toBeLessThanOrEqual(5);
    const kept = cleanVideo(truth).labels;
    for (const { segmentation, correct } of triples) {
      const alike = Array.from(segmentation.labels, (label, i) => (label === kept[i] ? 1 : 0));
      expect(Buffer.from(correct).equals(Uint8Array.from(alike))).toBe(true);
      expect(alike).toContain(0);
    }
  });

  it('skips degraded predictions that are empty', async () => {
    const policyLogits: PolicyLogits = (_, weights) => logitsOf(weights === 'clean' ? truth : empty);
    const task = { image, policyLogits, correct: (cleaned: LabelVideo) => cleaned, config, random: random() };
    expect((await labelVideo(task)).triples).toHaveLength(4);
  });

  it('gives one sampled segmentation against the correction when the two disagree', async () => {
    const predicted = shifted(truth, 8);
    const task = {
      image,
      policyLogits: () => logitsOf(predicted, 3),
      correct: () => truth,
      config,
      random: random(),
    };
    const { outcome, agreement, triples, approximateTruth } = await labelVideo(task);
    expect(outcome).toBe('corrected');
    expect(agreement).toBeLessThan(0.95);
    expect(approximateTruth).toBeUndefined();
    expect(triples).toHaveLength(1);
    const right = triples[0]!.correct.reduce((sum, value) => sum + value, 0) / truth.labels.length;
    // Two wrong labels with weight 1 each against one with e^3: about one pixel in eleven is sampled otherwise.
    const other = triples[0]!.segmentation.labels.filter((label, i) => label !== predicted.labels[i]).length;
    expect(other / truth.labels.length).toBeCloseTo(2 / (2 + Math.exp(3)), 2);
    expect(right).toBeLessThan(0.95);
  });

  it('draws the same sample from the same stream', async () => {
    const policyLogits: PolicyLogits = () => logitsOf(shifted(truth, 8), 3);
    const task = () => ({ image, policyLogits, correct: () => truth, config, random: random() });
    const [once, again] = await Promise.all([labelVideo(task()), labelVideo(task())]);
    expect(once.triples[0]!.segmentation.labels).toEqual(again.triples[0]!.segmentation.labels);
  });

  it('rejects a video whose prediction and correction are both implausible', async () => {
    const task = {
      image,
      policyLogits: () => logitsOf(empty),
      correct: () => empty,
      config,
      random: random(),
    };
    const { outcome, triples } = await labelVideo(task);
    expect(outcome).toBe('rejected');
    expect(triples).toHaveLength(0);
  });

  it('refuses logits of another grid', async () => {
    const task = {
      image,
      policyLogits: () => new Float32Array(6),
      correct: () => truth,
      config,
      random: random(),
    };
    await expect(labelVideo(task)).rejects.toThrow('the policy gave 6');
  });
});
