import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-node-gpu';
import { expect, it } from 'vitest';
import { randomStream } from '../../ground/random.ts';
import { tinyUNet } from '../../method/networks/tiny-unet.fixture.ts';
import { UNet3D } from '../../method/networks/unet3d.ts';
import { halfAndHalf } from '../half-and-half.ts';
import { ringWindows } from '../rings.fixture.ts';
import { hiddenCubes, reconstructionLoss, sectorOf } from './masks.ts';
import { maskedWindow, ReconstructionTraining } from './reconstruction-training.ts';

const masks = { cube: [2, 4, 4], ratio: 0.7 } as const;

it('hides whole cubes, as many as asked for', () => {
  const size = { frames: 4, rows: 10, columns: 8 };
  const mask = hiddenCubes(size, masks, randomStream(1, 'test'));
  const cubes = new Map<string, Set<number>>();
  mask.forEach((value, i) => {
    const [t, r, c] = [Math.floor(i / 80), Math.floor(i / 8) % 10, i % 8];
    const name = [Math.floor(t / 2), Math.floor(r / 4), Math.floor(c / 4)].join();
    cubes.set(name, (cubes.get(name) ?? new Set()).add(value));
  });
  expect(cubes.size).toBe(12);
  expect([...cubes.values()].every((values) => values.size === 1)).toBe(true);
  expect([...cubes.values()].filter((values) => values.has(1))).toHaveLength(8);
  expect(hiddenCubes(size, masks, randomStream(1, 'test'))).toEqual(mask);
});

it('judges what is hidden inside the sector, along the gradient of its loss', () => {
  expect([...sectorOf(new Float32Array([0, 0.5, 0, 0, 0, 0]), { frames: 2, rows: 1, columns: 3 })]).toEqual([
    0, 1, 0, 0, 1, 0,
  ]);
  const shape: [number, number, number, number, number] = [1, 1, 1, 3, 1];
  const { loss, gradient } = reconstructionLoss(
    tf.tensor5d([0.5, 0.25, 1], shape),
    tf.tensor5d([0, 0.75, 0], shape),
    tf.tensor5d([1, 1, 0], shape),
  );
  expect(loss.dataSync()[0]).toBeCloseTo((0.25 + 0.25) / 2, 6);
  expect([...gradient.dataSync()]).toEqual([0.5, -0.5, 0]);
});

it('makes up hidden voxels of unseen videos better than their mean does, and leaks nothing', () => {
  const before = tf.memory().numTensors;
  const network = UNet3D.initialise({ ...tinyUNet, outputChannels: 1 }, randomStream(1, 'test'));
  const training = new ReconstructionTraining({
    network,
    windows: halfAndHalf(ringWindows('source', 6, 1), ringWindows('target', 6, 50)),
    config: { steps: 120, learningRate: 1e-2, warmupSteps: 0 },
    masks,
    seed: 3,
    windowFrames: 4,
  });
  for (let step = 0; step < 20; step++) training.step();
  const tensors = tf.memory().numTensors;
  while (!training.done) training.step();
  expect(tf.memory().numTensors).toBe(tensors);
  for (const domain of ['source', 'target'] as const) {
    const windows = ringWindows(domain, 6, 100);
    let ours = 0;
    let ofMean = 0;
    for (let i = 0; i < 6; i++) {
      const [made, mean] = tf.tidy(() => {
        const [visible, image, counted] = maskedWindow(
          { windows, masks, windowFrames: 4 },
          randomStream(7, 'unseen', i),
        );
        // The best that one number can do for this window.
        const best = tf.div(tf.sum(tf.mul(image, counted)), tf.sum(counted));
        const filled = tf.mul(tf.onesLike(image), best) as tf.Tensor5D;
        return [network.forward(visible), filled].map(
          (guess) => reconstructionLoss(guess, image, counted).loss.dataSync()[0]!,
        );
      });
      ours += made!;
      ofMean += mean!;
    }
    expect(ours).toBeLessThan(0.9 * ofMean);
  }
  training.dispose();
  network.dispose();
  expect(tf.memory().numTensors).toBeLessThanOrEqual(before);
}, 120_000);
