import '@tensorflow/tfjs-node-gpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../ground/random.ts';
import { leakless } from '../../recorded/leakless.fixture.ts';
import { stepAlong } from './adam.fixture.ts';
import { Adam } from './adam.ts';
import { GradientAccumulation } from './gradient-accumulation.ts';
import { disposeGradients, type Gradients } from './gradients.ts';
import { addGradients, scaleGradients, train, trainings } from './recorded-training.fixture.ts';
import { tinyUNet } from './tiny-unet.fixture.ts';
import { networkPass, TrainingStep } from './training-step.ts';
import { UNet3D } from './unet3d.ts';

const grid: [number, number, number, number] = [1, 2, 8, 8];

/** A pass whose loss is the mean square of the logits times `scale`. */
function squarePass(network: UNet3D) {
  return (x: tf.Tensor5D, scale: tf.Scalar) =>
    networkPass(network, x, ([logits]) => ({
      loss: tf.mul(tf.mean(tf.square(logits!)), scale) as tf.Scalar,
      gradients: [tf.mul(tf.mul(logits!, 2 / logits!.size), scale) as tf.Tensor5D],
      numbers: { meanLogit: tf.mean(logits!) as tf.Scalar },
    }));
}

function randomInput(seed: number): tf.Tensor5D {
  const random = randomStream(seed, 'x');
  return tf.tensor5d(
    Float32Array.from({ length: 128 }, () => random.normal()),
    [...grid, 1],
  );
}

describe('a recorded training', () => {
  for (const [name, config, window] of trainings) {
    leakless(`of a network with ${name} is the plain one to the last bit`, () => {
      const plain = train(false, config, window);
      expect(train(true, config, window)).toEqual(plain);
      expect(new Set(plain.losses).size).toBe(plain.losses.length);
    });
  }

  leakless('reports numbers of its pass, and takes no step whose numbers are not finite', () => {
    const network = UNet3D.initialise(tinyUNet, randomStream(1, 'weights'));
    const optimiser = new Adam(network.parameters, { learningRate: 0.01 });
    const step = new TrainingStep({ name: 'square', optimiser, pass: squarePass(network), gradientNorm: 1 });
    const x = randomInput(1);
    for (let call = 0; call < 4; call++) {
      const { numbers, taken } = step.run(x, 1);
      expect(taken).toBe(true);
      expect(Object.keys(numbers)).toEqual(['loss', 'gradientNorm', 'meanLogit']);
    }
    const before = [network.toArrays(), optimiser.toArrays()];
    const { numbers, taken } = step.run(x, Number.NaN);
    expect(taken).toBe(false);
    expect(numbers.loss).toBeNaN();
    expect([network.toArrays(), optimiser.toArrays()]).toEqual(before);
    expect(step.run(x, 1).taken).toBe(true);
    expect(optimiser.step).toBe(5);
    x.dispose();
    step.dispose();
    optimiser.dispose();
    network.dispose();
  });

  leakless('goes back to what was held on the device, and on from there with the same bits', () => {
    const network = UNet3D.initialise(tinyUNet, randomStream(1, 'weights'));
    const optimiser = new Adam(network.parameters, { learningRate: 0.01 });
    const step = new TrainingStep({ name: 'square', optimiser, pass: squarePass(network) });
    const x = randomInput(1);
    const state = () => [network.toArrays(), optimiser.toArrays()];
    for (let call = 0; call < 3; call++) step.run(x, 1);
    const held = [network.hold(), optimiser.hold()];
    const good = state();
    for (let call = 0; call < 3; call++) step.run(x, 2);
    const after = state();
    expect(after).not.toEqual(good);
    for (let round = 0; round < 2; round++) {
      for (const part of held) part.restore();
      expect(state()).toEqual(good);
      for (let call = 0; call < 3; call++) step.run(x, 2);
      expect(state()).toEqual(after);
    }
    for (const part of held) part.dispose();
    x.dispose();
    step.dispose();
    optimiser.dispose();
    network.dispose();
  });

  leakless('with gradients of several batches takes the step along their mean', () => {
    const networks = [1, 1].map((seed) => UNet3D.initialise(tinyUNet, randomStream(seed, 'weights')));
    const [optimiser, other] = networks.map(
      ({ parameters }) => new Adam(parameters, { learningRate: 0.01 }),
    ) as [Adam, Adam];
    const [network, plain] = networks as [UNet3D, UNet3D];
    const accumulation = new GradientAccumulation({ name: 'square', optimiser, pass: squarePass(network) });
    for (let round = 0; round < 4; round++) {
      let sum: Gradients = new Map();
      for (let batch = 0; batch < 3; batch++) {
        const x = randomInput(3 * round + batch);
        const loss = accumulation.add(x, 1);
        const expected = tf.tidy(() => {
          const { loss, gradients } = squarePass(plain)(x, tf.scalar(1));
          sum = addGradients(sum, gradients);
          for (const gradient of sum.values()) tf.keep(gradient);
          return loss;
        });
        expect(loss).toBe(expected.dataSync()[0]);
        tf.dispose([x, expected]);
      }
      expect(accumulation.waiting).toBe(3);
      // What waits can be saved and restored.
      accumulation.assign(accumulation.toArrays(), accumulation.waiting);
      accumulation.apply();
      expect(accumulation.waiting).toBe(0);
      expect(accumulation.toArrays()).toEqual({});
      sum = scaleGradients(sum, 1 / 3);
      stepAlong(other, sum);
      disposeGradients(sum);
    }
    expect(network.toArrays()).toEqual(plain.toArrays());
    for (const part of [accumulation, optimiser, other, network, plain]) part.dispose();
  });
});

describe('a network', () => {
  it('frees its recordings, and says what it was given where that does not fit', () => {
    const network = UNet3D.initialise(tinyUNet, randomStream(1, 'weights'));
    const x = tf.zeros<tf.Rank.R5>([1, 3, 8, 8, 1]);
    expect(() => network.forward(x)).toThrow(expect.objectContaining({ code: 'GeometryMismatch' }));
    x.dispose();
    network.dispose();
  });
});
