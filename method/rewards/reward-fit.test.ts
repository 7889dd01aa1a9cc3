import '@tensorflow/tfjs-node-gpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { RewardFitSchema } from '../../contracts/run-config.ts';
import { randomStream } from '../../ground/random.ts';
import { twoLevels } from '../networks/two-level-unet.fixture.ts';
import { UNet3D } from '../networks/unet3d.ts';
import type { TrainingState } from '../training/training.ts';
import { splitTriples, type TripleSource, triplesOf, tripleWindow } from '../windows/triple-windows.ts';
import { RewardFit } from './reward-fit.ts';
import { type RewardFitProgress, RewardFitProgressSchema } from './reward-fit-progress.ts';
import { rewardInput, rewardLossAndGradient, rewardNetworkConfig } from './reward-network.ts';

const shape = rewardNetworkConfig({
  baseFilters: 4,
  maxFilters: 8,
  ...twoLevels,
});
const size = 16;
const frames = 5;

/** A bright square to segment; the segmentation is the square moved sideways, so one edge of it is wrong. */
function tripleOf(index: number) {
  const pixels = frames * size * size;
  const [image, segmentation, correct] = [
    new Float32Array(pixels),
    new Uint8Array(pixels),
    new Uint8Array(pixels),
  ];
  const offset = index % 3;
  for (let i = 0; i < pixels; i++) {
    const [r, c] = [Math.floor(i / size) % size, i % size];
    const truth = r >= 4 && r < 12 && c >= 3 && c < 10;
    const predicted = r >= 4 && r < 12 && c >= 3 + offset && c < 10 + offset;
    image[i] = truth ? 1 : 0;
    segmentation[i] = predicted ? 1 : 0;
    correct[i] = truth === predicted ? 1 : 0;
  }
  return { image, segmentation, correct, frames, rows: size, columns: size };
}

const triples = triplesOf(
  Array.from({ length: 12 }, (_, index) => ({
    ...tripleOf(index),
    study: `study-${Math.floor(index / 2)}`,
  })),
);
const config = RewardFitSchema.parse({ epochs: 3, stepsPerEpoch: 5, accumulation: 2, learningRate: 0.02 });
const network = () => UNet3D.initialise(shape, randomStream(1, 'reward'));

describe('splitting triples', () => {
  it('holds out whole studies, the same for the same seed', () => {
    const split = splitTriples(triples, config, 7);
    const studies = (indices: readonly number[]) => new Set(indices.map(triples.studyOf));
    const [training, validation, test] = [split.training, split.validation, split.test].map(studies);
    expect(split.heldOut).toBe(true);
    expect(training!.size + validation!.size + test!.size).toBe(6);
    expect([validation!.size, test!.size]).toEqual([1, 1]);
    expect(new Set([...training!, ...validation!, ...test!]).size).toBe(6);
    expect(splitTriples(triples, config, 7)).toEqual(split);
  });

  it('says when there are too few studies to hold any out', () => {
    const split = splitTriples({ ...triples, studyOf: () => 'one' }, config, 7);
    expect(split.heldOut).toBe(false);
    expect(split.training).toHaveLength(12);
  });

  it('refuses to fit on nothing', () => {
    expect(() => splitTriples({ ...triples, count: 0 }, config, 7)).toThrow('rejected every video');
  });

  it('repeats the last frame of a triple that is shorter than a window', () => {
    const short = triplesOf([{ ...tripleOf(1), frames: 1, study: 'one' }]);
    const window = tripleWindow(short, { triple: 0, startFrame: 0 }, 4);
    expect(window.image.shape).toEqual([1, 4, size, size, 1]);
    const pixels = size * size;
    expect([...window.host.correct.subarray(3 * pixels)]).toEqual([
      ...tripleOf(1).correct.subarray(0, pixels),
    ]);
    tf.dispose([window.image, window.labelMap, window.correct]);
  });
});

describe('the reward network', () => {
  it('has the gradient of its loss', () => {
    tf.tidy(() => {
      const correct = tf.tensor4d([0, 1, 1, 0], [1, 1, 2, 2]);
      const at = (values: number[]) => rewardLossAndGradient(tf.tensor5d(values, [1, 1, 2, 2, 1]), correct);
      const logits = [0.5, -1, 2, 0.1];
      const gradient = at(logits).gradient.dataSync();
      for (let i = 0; i < 4; i++) {
        const moved = (by: number) =>
          at(logits.map((logit, j) => (i === j ? logit + by : logit))).loss.dataSync()[0]!;
        expect(gradient[i]).toBeCloseTo((moved(1e-2) - moved(-1e-2)) / 2e-2, 4);
      }
    });
  });

  it('reads image and label map on one grid', () => {
    tf.tidy(() => {
      const image = tf.zeros([1, 4, size, size, 1]) as tf.Tensor5D;
      expect(rewardInput(image, tf.ones([1, 4, size, size], 'int32')).shape).toEqual([1, 4, size, size, 2]);
      expect(() => rewardInput(image, tf.ones([1, 2, size, size], 'int32'))).toThrow('on one grid');
    });
  });
});

/** Measures of the next steps, up to `count`. */
function stepsOf(fit: RewardFit, count: number): object[] {
  const measures: object[] = [];
  while (measures.length < count && !fit.done) measures.push(fit.step().measures);
  return measures;
}

describe('a reward fit', () => {
  it('learns which edge of a moved segmentation is wrong, and reports it on held-out studies', () => {
    const before = tf.memory().numTensors;
    const reward = network();
    const longer = { ...config, epochs: 20, stepsPerEpoch: 8, accumulation: 1 };
    const fit = new RewardFit({ network: reward, triples, config: longer, seed: 1, windowFrames: 4 });
    while (!fit.done) fit.step();
    const report = fit.report!;
    // Two triples in three have a wrong edge, of 16 or 32 pixels in 256.
    expect(report.testLoss).toBeLessThan(0.02);
    expect(report.calibrationError).toBeLessThan(0.2);
    expect(report.temperature).toBeGreaterThan(0);
    expect(report.triples).toEqual({ training: 8, validation: 2, test: 2 });
    expect(report.heldOut).toBe(true);
    fit.dispose();
    reward.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('goes on with the same numbers after every step when it is saved and restored', () => {
    const straightNetwork = network();
    const straight = new RewardFit({ network: straightNetwork, triples, config, seed: 1, windowFrames: 4 });
    const losses: object[] = [];
    while (!straight.done) losses.push(straight.step().measures);

    let saved: TrainingState<RewardFitProgress> | undefined;
    const resumed: object[] = [];
    for (let done = false; !done; ) {
      const reward = network();
      const fit = new RewardFit({ network: reward, triples, config, seed: 1, windowFrames: 4 });
      if (saved) fit.restore(saved);
      // Two and one steps at a time, so that some saves fall between accumulated gradients.
      resumed.push(...stepsOf(fit, resumed.length % 3 === 0 ? 2 : 1));
      const { arrays, progress } = fit.state();
      saved = { arrays, progress: RewardFitProgressSchema.parse(JSON.parse(JSON.stringify(progress))) };
      done = fit.done;
      expect(fit.report).toEqual(done ? straight.report : undefined);
      fit.dispose();
      reward.dispose();
    }
    expect(resumed).toEqual(losses);
    for (const [name, { data }] of Object.entries(straight.state().arrays)) {
      expect(saved!.arrays[name]!.data, name).toEqual(data);
    }
    straight.dispose();
    straightNetwork.dispose();
  });

  it('passes over triples that cannot be read, keeps its splits, and ends when none is left', async () => {
    const split = splitTriples(triples, config, 1);
    const used = async (lost: ReadonlySet<number>): Promise<number[]> => {
      const found = new Set<number>();
      const loaded: number[] = [];
      const source: TripleSource = {
        ...triples,
        fetch: async ({ triple }) => !(lost.has(triple) && found.add(triple)),
        isSetAside: (triple) => found.has(triple),
        load(index, startFrame, count) {
          loaded.push(index);
          return triples.load(index, startFrame, count);
        },
      };
      const reward = network();
      const fit = new RewardFit({ network: reward, triples: source, config, seed: 1, windowFrames: 4 });
      try {
        while (!fit.done) {
          await fit.ready();
          fit.step();
        }
        expect(fit.report!.triples).toEqual({ training: 8, validation: 2, test: 2 });
      } finally {
        fit.dispose();
        reward.dispose();
      }
      return loaded;
    };
    const before = tf.memory().numTensors;
    const whole = await used(new Set());
    const lost = new Set([split.training[0]!, split.validation[0]!, ...split.test]);
    const without = await used(lost);
    expect(without).toHaveLength(whole.length);
    without.forEach((triple, step) => {
      expect(lost.has(triple)).toBe(false);
      if (!lost.has(whole[step]!)) expect(triple).toBe(whole[step]);
      else if (whole[step] === split.validation[0]) expect(triple).toBe(split.validation[1]);
      else if (whole[step] === split.training[0]) expect(split.training).toContain(triple);
    });
    await expect(used(new Set(Array(triples.count).keys()))).rejects.toMatchObject({
      code: 'DatasetInvalid',
      message: expect.stringContaining('the quarantine of the run has the reasons'),
    });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('ends with an error that says what to do when the loss is not finite', () => {
    const reward = network();
    const arrays = Object.fromEntries(
      Object.entries(reward.toArrays()).map(([name, { shape, data }]) => [
        name,
        { shape, data: data.fill(Number.NaN) },
      ]),
    );
    reward.assign(arrays);
    const fit = new RewardFit({ network: reward, triples, config, seed: 1, windowFrames: 4 });
    expect(() => fit.step()).toThrow('rewardFit.learningRate');
    fit.dispose();
    reward.dispose();
  });
});
