import '@tensorflow/tfjs-node-gpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { ShapeAutoencoderSchema } from '../../../contracts/run-config.ts';
import { generatePhantom } from '../../../datasets/phantom/phantom.ts';
import { randomStream } from '../../../ground/random.ts';
import type { LabelVideo } from '../../../imaging/image.ts';
import { diceOf } from '../../../metrics/overlap.ts';
import { recordSteps } from '../../../recorded/recorded.ts';
import type { TrainingState } from '../../training/training.ts';
import { correctSequence } from '../correct-sequence.ts';
import { ShapeAutoencoder } from './autoencoder.ts';
import { type AutoencoderProgress, AutoencoderTraining } from './autoencoder-training.ts';

const videos = [0, 2].map((index) => generatePhantom({ domain: 'source', seed: 3, index }).labels);
const source = { count: videos.length, load: (index: number) => videos[index]! };
const settings = { maskSize: 32, baseFilters: 4, latentDimensions: 8, batchFrames: 8 };

function start(steps: number) {
  const config = ShapeAutoencoderSchema.parse({ ...settings, steps, learningRate: 2e-3, attributeWeight: 1 });
  const autoencoder = ShapeAutoencoder.initialise(config, randomStream(1, 'autoencoder-weights'));
  return { autoencoder, training: new AutoencoderTraining({ autoencoder, source, seed: 1 }) };
}

describe('training the shape autoencoder', () => {
  it('learns shapes well enough to repair a broken frame from its neighbours', () => {
    const before = tf.memory().numTensors;
    const { autoencoder, training } = start(120);
    while (!training.done) training.step();
    const truth = videos[0]!;
    const pixels = truth.rows * truth.columns;
    const labels = truth.labels.slice();
    // A frame that lost the lower half of its left ventricle.
    const frame = 5;
    const ventricle = [];
    for (let i = frame * pixels; i < (frame + 1) * pixels; i++) if (labels[i] === 1) ventricle.push(i);
    for (const i of ventricle.slice(ventricle.length / 2)) labels[i] = 0;
    const corrected = correctSequence({ autoencoder, bounds: training.bounds }, { ...truth, labels });
    const only = (video: LabelVideo): LabelVideo => ({
      ...video,
      frames: 1,
      labels: video.labels.slice(frame * pixels, (frame + 1) * pixels),
    });
    const brokenDice = diceOf(only({ ...truth, labels }), only(truth)).lv;
    const correctedDice = diceOf(only(corrected), only(truth)).lv;
    expect(correctedDice).toBeGreaterThan(brokenDice + 0.05);
    expect(diceOf(corrected, truth).lv).toBeGreaterThan(0.85);
    for (const { minimum, maximum } of training.bounds) expect(maximum).toBeGreaterThanOrEqual(minimum);
    training.dispose();
    autoencoder.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('goes on with the same numbers when it is saved and restored', () => {
    const straight = start(6);
    const losses: object[] = [];
    const counts: unknown[] = [];
    while (!straight.training.done) {
      losses.push(straight.training.step().measures);
      counts.push(straight.training.count);
    }
    expect(counts).toEqual([
      ...[1, 2, 3, 4, 5].map((done) => ({ done, total: 8 })),
      ...[6, 7].map((done) => ({ done, total: 8, phase: 'latent ranges' })),
      { done: 8, total: 8 },
    ]);
    expect(() => straight.training.step()).toThrow('no step left');

    let saved: TrainingState<AutoencoderProgress> | undefined;
    const resumed: object[] = [];
    for (let done = false; !done; ) {
      const { autoencoder, training } = start(6);
      if (saved) training.restore(saved);
      resumed.push(training.step().measures);
      const { arrays, progress } = training.state();
      saved = { arrays, progress: JSON.parse(JSON.stringify(progress)) };
      done = training.done;
      training.dispose();
      autoencoder.dispose();
    }
    expect(resumed).toEqual(losses);
    for (const [name, { data }] of Object.entries(straight.training.state().arrays)) {
      expect(saved!.arrays[name]!.data, name).toEqual(data);
    }
    straight.training.dispose();
    straight.autoencoder.dispose();
  });

  it('makes the same numbers recorded as operation by operation, resumed in the middle too', () => {
    const outcomes = [false, true, true].map((record, index) => {
      recordSteps(record);
      let { autoencoder, training } = start(9);
      const measures: object[] = [];
      while (!training.done) {
        if (index === 2 && measures.length === 5) {
          const saved = training.state();
          training.dispose();
          autoencoder.dispose();
          ({ autoencoder, training } = start(9));
          training.restore(saved);
        }
        measures.push(training.step().measures);
      }
      const { arrays } = training.state();
      const corrected = correctSequence({ autoencoder, bounds: training.bounds }, videos[0]!).labels;
      training.dispose();
      autoencoder.dispose();
      return { measures, arrays, corrected };
    });
    recordSteps(true);
    expect(outcomes[1]).toEqual(outcomes[0]);
    expect(outcomes[2]).toEqual(outcomes[0]);
  });

  it('refuses a source without videos or without structures', () => {
    const { autoencoder, training } = start(1);
    training.dispose();
    const empty = { ...videos[0]!, labels: new Uint8Array(videos[0]!.labels.length) };
    const none = { count: 0, load: () => empty };
    expect(() => new AutoencoderTraining({ autoencoder, source: none, seed: 1 })).toThrow('there are none');
    const blank = new AutoencoderTraining({ autoencoder, source: { count: 1, load: () => empty }, seed: 1 });
    expect(() => blank.step()).toThrow('found no structure');
    blank.dispose();
    autoencoder.dispose();
  });
});
