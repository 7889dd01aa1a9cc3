import '@tensorflow/tfjs-node-gpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../ground/random.ts';
import { stepAlong } from './adam.fixture.ts';
import { Adam } from './adam.ts';
import { disposeGradients, type Gradients } from './gradients.ts';
import { supervisedLoss } from './supervised-loss.ts';
import { tinyUNet } from './tiny-unet.fixture.ts';
import { UNet3D } from './unet3d.ts';

function parametersOf(values: Record<string, number[]>): ReadonlyMap<string, tf.Variable> {
  return new Map(
    Object.entries(values).map(([name, list]) => [name, tf.tidy(() => tf.variable(tf.tensor1d(list)))]),
  );
}

function gradientsOf(values: Record<string, number[]>): Gradients {
  return new Map(Object.entries(values).map(([name, list]) => [name, tf.tensor1d(list)]));
}

const config = { ...tinyUNet, maxFilters: 8 };

/** Steps of supervised training on one clip; gives the losses. */
function train(net: UNet3D, adam: Adam, steps: number): number[] {
  const random = randomStream(1, 'clip');
  const shape: [number, number, number, number] = [1, 2, 16, 16];
  const labels = tf.tensor4d(
    Int32Array.from({ length: 512 }, () => random.integer(3)),
    shape,
    'int32',
  );
  const x = tf.tidy(() => tf.expandDims<tf.Tensor5D>(tf.add(labels, 0.5), 4));
  const losses = Array.from({ length: steps }, () => {
    const pass = net.forwardForTraining(x);
    const { loss, gradient } = supervisedLoss(pass.outputs[0]!, labels);
    const gradients = pass.backward([gradient]);
    stepAlong(adam, gradients);
    disposeGradients(gradients);
    const value = loss.dataSync()[0]!;
    tf.dispose([loss, gradient]);
    pass.dispose();
    return value;
  });
  tf.dispose([labels, x]);
  return losses;
}

describe('Adam', () => {
  it('takes the steps that torch.optim.Adam takes', () => {
    const before = tf.memory().numTensors;
    const parameters = parametersOf({ a: [1, -2], b: [0.5] });
    const adam = new Adam(parameters, { learningRate: 0.1 });
    const steps = [
      { a: [0.3, -4], b: [1e-9] },
      { a: [-0.1, 2], b: [0.2] },
      { a: [0.05, 0], b: [-3] },
    ];
    const expected = { a: [1, -2], b: [0.5] };
    const first = { a: [0, 0], b: [0] };
    const second = { a: [0, 0], b: [0] };
    steps.forEach((gradient, index) => {
      for (const name of ['a', 'b'] as const) {
        gradient[name].forEach((g, i) => {
          first[name][i] = 0.9 * first[name][i]! + 0.1 * g;
          second[name][i] = 0.999 * second[name][i]! + 0.001 * g * g;
          const corrected = Math.sqrt(second[name][i]!) / Math.sqrt(1 - 0.999 ** (index + 1)) + 1e-8;
          expected[name][i]! -= (0.1 / (1 - 0.9 ** (index + 1))) * (first[name][i]! / corrected);
        });
      }
      const gradients = gradientsOf(gradient);
      stepAlong(adam, gradients);
      disposeGradients(gradients);
    });
    for (const name of ['a', 'b'] as const) {
      parameters
        .get(name)!
        .dataSync<'float32'>()
        .forEach((value, i) => {
          expect(value).toBeCloseTo(expected[name][i]!, 5);
        });
    }
    adam.dispose();
    tf.dispose([...parameters.values()]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('matches gradients by name, not by order, and leaves parameters without one alone', () => {
    const parameters = parametersOf({ a: [1], b: [1], c: [1] });
    const adam = new Adam(parameters, { learningRate: 0.5 });
    const gradients = gradientsOf({ c: [-2], a: [3] });
    stepAlong(adam, gradients);
    expect([...parameters.values()].map((parameter) => parameter.dataSync()[0])).toEqual([0.5, 1, 1.5]);
    const strange = gradientsOf({ d: [1] });
    expect(() => stepAlong(adam, strange)).toThrow(/"d"/);
    disposeGradients(gradients);
    disposeGradients(strange);
    adam.dispose();
  });

  it('lowers the loss of a network on one clip, with as many tensors after 50 steps as before them', () => {
    const before = tf.memory().numTensors;
    const net = UNet3D.initialise(config, randomStream(1, 'init'));
    const adam = new Adam(net.parameters, { learningRate: 1e-2 });
    const idle = tf.memory().numTensors;
    const losses = train(net, adam, 50);
    expect(tf.memory().numTensors).toBe(idle);
    expect(losses.at(-1)!).toBeLessThan(0.5 * losses[0]!);
    adam.dispose();
    net.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('ends with the same bytes in two runs, and when stopped and restored half way', () => {
    const run = (): [UNet3D, Adam] => {
      const net = UNet3D.initialise(config, randomStream(1, 'init'));
      return [net, new Adam(net.parameters, { learningRate: 1e-2 })];
    };
    const [a, adamA] = run();
    train(a, adamA, 5);
    const [b, adamB] = run();
    train(b, adamB, 5);
    expect(b.toArrays()).toEqual(a.toArrays());

    const [c, adamC] = run();
    train(c, adamC, 3);
    const saved = { net: c.toArrays(), adam: adamC.toArrays() };
    const d = UNet3D.fromArrays(config, saved.net);
    const adamD = new Adam(d.parameters, { learningRate: 1e-2 });
    adamD.assign(saved.adam);
    expect(adamD.step).toBe(3);
    train(d, adamD, 2);
    expect(d.toArrays()).toEqual(a.toArrays());
    expect(adamD.toArrays()).toEqual(adamA.toArrays());
    for (const each of [a, b, c, d, adamA, adamB, adamC, adamD]) each.dispose();
  });

  it('refuses state of other parameters and keeps its own', () => {
    const parameters = parametersOf({ a: [1] });
    const adam = new Adam(parameters, { learningRate: 1 });
    const before = adam.toArrays();
    const incompatible = expect.objectContaining({ code: 'CheckpointIncompatible' });
    expect(() => adam.assign({ ...before, 'second/a': { shape: [2], data: new Float32Array(2) } })).toThrow(
      incompatible,
    );
    expect(() => adam.assign({ ...before, step: { shape: [], data: Float32Array.of(0.5) } })).toThrow(
      incompatible,
    );
    expect(adam.toArrays()).toEqual(before);
    adam.dispose();
  });
});
