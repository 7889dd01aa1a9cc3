import '@tensorflow/tfjs-node-gpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../ground/random.ts';
import { taken } from '../../recorded/leakless.fixture.ts';
import { recorded } from '../../recorded/recorded.ts';
import { disposeGradients } from './gradients.ts';
import { tinyUNet } from './tiny-unet.fixture.ts';
import type { KeptPass, TrainingPass } from './unet-pass.ts';
import { UNet3D, type UNetConfig } from './unet3d.ts';

const config: UNetConfig = { ...tinyUNet, maxFilters: 8, outputChannels: 2 };
const five: UNetConfig = {
  ...config,
  strides: [...config.strides, [1, 2, 2], [1, 2, 2]],
  kernels: [...config.kernels, [3, 3, 3], [3, 3, 3]],
  outputChannels: 1,
  deepSupervision: true,
};

function randomTensor(shape: number[], seed: number): tf.Tensor5D {
  const random = randomStream(seed, 'test');
  const data = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => random.normal());
  return tf.tensor(data, shape as [number, number, number, number, number]);
}

/** Every test starts and ends with the same number of tensors. */
function leakless(name: string, run: () => void): void {
  it(name, () => {
    const before = tf.memory().numTensors;
    run();
    expect(tf.memory().numTensors).toBe(before);
  });
}

describe('UNet3D', () => {
  leakless('starts from the same weights for the same seed, and others for another', () => {
    const nets = [1, 1, 2].map((seed) => UNet3D.initialise(config, randomStream(seed, 'init')));
    const [a, b, c] = nets.map((net) => net.toArrays());
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
    for (const net of nets) net.dispose();
  });

  leakless('starts with unit scales, zero biases and Kaiming filters', () => {
    const net = UNet3D.initialise({ ...config, baseFilters: 16, maxFilters: 64 }, randomStream(3, 'init'));
    const arrays = net.toArrays();
    expect(new Set(arrays['bottleneck.conv1.norm.weight']!.data)).toEqual(new Set([1]));
    expect(new Set(arrays['bottleneck.conv1.norm.bias']!.data)).toEqual(new Set([0]));
    const { data, shape } = arrays['bottleneck.conv2.conv.weight']!;
    expect(shape).toEqual([64, 64, 3, 3, 3]);
    const variance = data.reduce((sum, value) => sum + value ** 2, 0) / data.length;
    expect(variance / (2 / (1 + 0.01 ** 2) / (64 * 27))).toBeCloseTo(1, 1);
    net.dispose();
  });

  leakless('computes the same forward as for training, inside and outside of tidy', () => {
    const net = UNet3D.initialise(config, randomStream(1, 'init'));
    const x = randomTensor([1, 4, 16, 12, 1], 1);
    let pass!: TrainingPass;
    tf.tidy(() => {
      pass = net.forwardForTraining(x);
    });
    const logits = net.forward(x);
    expect(logits.shape).toEqual([1, 4, 16, 12, 2]);
    expect(logits.dataSync()).toEqual(pass.outputs[0]!.dataSync());
    pass.dispose();
    pass.dispose();
    tf.dispose([x, logits]);
    net.dispose();
  });

  leakless('has the same gradients to the last bit when it keeps less', () => {
    const net = UNet3D.initialise(five, randomStream(1, 'init'));
    const x = randomTensor([2, 2, 32, 16, 1], 1);
    const bytes = tf.memory().numBytes;
    const passes = [undefined, 1].map((remadeFrom) => net.forwardForTraining(x, remadeFrom));
    const heads = passes[0]!.outputs.map((output, index) => randomTensor(output.shape, 2 + index));
    const results = passes.map((pass) => pass.backward(heads));
    for (const [name, gradient] of results[0]!) {
      expect(results[1]!.get(name)!.dataSync(), name).toEqual(gradient.dataSync());
    }
    results.forEach(disposeGradients);
    for (const pass of passes) pass.dispose();
    tf.dispose(heads);
    expect(tf.memory().numBytes).toBe(bytes);
    const kept = [undefined, 1].map((remadeFrom) => {
      const pass = net.forwardForTraining(x, remadeFrom);
      const keeps = tf.memory().numBytes - bytes;
      pass.dispose();
      return keeps;
    });
    expect(kept[1]! / kept[0]!).toBeLessThan(0.7);
    x.dispose();
    net.dispose();
  });

  leakless('goes backward in another step than forward, from what its pass keeps', () => {
    const net = UNet3D.initialise(five, randomStream(1, 'init'));
    const x = randomTensor([2, 2, 32, 16, 1], 1);
    for (const remadeFrom of [undefined, 1]) {
      const pass = net.forwardForTraining(x, remadeFrom);
      const heads = pass.outputs.map((output, index) => randomTensor(output.shape, 2 + index));
      const forward = recorded('forward', (x: tf.Tensor5D) => net.forwardForTraining(x, remadeFrom).kept);
      const backward = recorded(
        'backward',
        (x: tf.Tensor5D, kept: KeptPass, heads: readonly tf.Tensor5D[]) => {
          const pass = net.passOver(x, kept);
          const gradients = pass.backward(heads);
          pass.dispose();
          return gradients;
        },
      );
      const expected = [...pass.backward(heads)].map(([name, gradient]) => [name, taken(gradient)]);
      pass.dispose();
      for (let call = 0; call < 3; call++) {
        const kept = forward(x);
        const gradients = backward(x, kept, heads);
        expect([...gradients].map(([name, gradient]) => [name, taken(gradient)])).toEqual(expected);
        tf.dispose({ ...kept } as object as tf.TensorContainer);
      }
      for (const step of [forward, backward]) step.dispose();
      tf.dispose(heads);
    }
    x.dispose();
    net.dispose();
  });

  leakless('treats the samples of a batch separately', () => {
    const net = UNet3D.initialise(config, randomStream(1, 'init'));
    const a = randomTensor([1, 2, 8, 8, 1], 1);
    const b: tf.Tensor5D = tf.tidy(() => tf.add(tf.mul(randomTensor([1, 2, 8, 8, 1], 2), 5), 3));
    const both = tf.concat([a, b], 0);
    const onBoth = randomTensor([2, 2, 8, 8, 2], 3);
    const pass = net.forwardForTraining(both);
    const singles = [a, b].map((x) => net.forwardForTraining(x));
    const joined = tf.concat(singles.map(({ outputs }) => outputs[0]!));
    expectClose(pass.outputs[0]!, joined);
    const together = pass.backward([onBoth]);
    const apart = singles.map((single, index) => {
      const dy = tf.slice(onBoth, index, 1);
      const gradients = single.backward([dy]);
      dy.dispose();
      return gradients;
    });
    for (const [name, gradient] of together) {
      const sum = tf.add(apart[0]!.get(name)!, apart[1]!.get(name)!);
      expectClose(gradient, sum);
      sum.dispose();
    }
    for (const gradients of [together, ...apart]) disposeGradients(gradients);
    for (const one of [pass, ...singles]) one.dispose();
    tf.dispose([a, b, both, onBoth, joined]);
    net.dispose();
  });

  leakless('has the gradients that finite differences have', () => {
    const net = UNet3D.initialise({ ...five, baseFilters: 4 }, randomStream(5, 'init'));
    const x = randomTensor([1, 2, 16, 32, 1], 4);
    const pass = net.forwardForTraining(x);
    const directions = pass.outputs.map((output, index) => randomTensor(output.shape, 10 + index));
    expect(pass.outputs.map((output) => output.shape[2])).toEqual([16, 8]);
    const loss = (): number => {
      const trial = net.forwardForTraining(x);
      const value = trial.outputs.reduce(
        (sum, output, index) =>
          sum + tf.tidy(() => tf.sum(tf.mul(output, directions[index]!)).dataSync()[0]!),
        0,
      );
      trial.dispose();
      return value;
    };
    const gradients = pass.backward(directions);
    pass.dispose();
    for (const name of [
      'output_block.conv.weight',
      'deep_supervision_heads.0.conv.weight',
      'upsamples.3.conv_block.conv2.norm.bias',
    ]) {
      const parameter = net.parameters.get(name)!;
      const gradient = gradients.get(name)!;
      const original = tf.clone(parameter);
      const move = tf.tidy(() => tf.mul(gradient, 1e-3 / tf.norm(gradient).dataSync()[0]!));
      const shifted = [1, -1].map((sign) => {
        const moved = tf.tidy(() => tf.add(original, tf.mul(move, sign)));
        parameter.assign(moved);
        moved.dispose();
        return loss();
      });
      parameter.assign(original);
      const slope = (shifted[0]! - shifted[1]!) / 2e-3;
      const norm = tf.tidy(() => tf.norm(gradient).dataSync()[0]!);
      expect(slope / norm, name).toBeCloseTo(1, 1);
      tf.dispose([original, move]);
    }
    disposeGradients(gradients);
    tf.dispose([x, ...directions]);
    net.dispose();
  });

  leakless('trains from a coarse output alone', () => {
    const net = UNet3D.initialise(five, randomStream(5, 'init'));
    const x = randomTensor([1, 2, 16, 16, 1], 4);
    const pass = net.forwardForTraining(x);
    const dy = randomTensor(pass.outputs[1]!.shape, 9);
    const gradients = pass.backward([null, dy]);
    expect(gradients.has('output_block.conv.weight')).toBe(false);
    expect(gradients.has('upsamples.3.transp_conv.weight')).toBe(false);
    expect(gradients.has('deep_supervision_heads.0.conv.weight')).toBe(true);
    expect(gradients.has('input_block.conv1.conv.weight')).toBe(true);
    expect(() => pass.backward([null, dy])).toThrow(/once/);
    pass.dispose();
    disposeGradients(gradients);
    tf.dispose([x, dy]);
    net.dispose();
  });

  leakless('takes odd sizes along axes without stride, and refuses others by name', () => {
    const flat = {
      ...config,
      strides: [
        [1, 1, 1],
        [1, 2, 2],
        [1, 2, 1],
      ] as UNetConfig['strides'],
    };
    const net = UNet3D.initialise(flat, randomStream(1, 'init'));
    const x = randomTensor([1, 3, 4, 6, 1], 1);
    const y = net.forward(x);
    expect(y.shape).toEqual([1, 3, 4, 6, 2]);
    const odd = randomTensor([1, 3, 6, 6, 1], 1);
    expect(() => net.forward(odd)).toThrow(expect.objectContaining({ code: 'GeometryMismatch' }));
    expect(() => net.forwardForTraining(odd)).toThrow(/multiples of 1, 4, 2/);
    tf.dispose([x, y, odd]);
    net.dispose();
  });

  leakless('is restored exactly from its arrays, and refuses arrays of another network', () => {
    const net = UNet3D.initialise(config, randomStream(1, 'init'));
    const other = UNet3D.initialise(config, randomStream(2, 'init'));
    const arrays = net.toArrays();
    other.assign(arrays);
    expect(other.toArrays()).toEqual(arrays);
    const copy = UNet3D.fromArrays(config, arrays);
    expect(copy.toArrays()).toEqual(arrays);
    const { 'output_block.conv.weight': _, ...partial } = arrays;
    const incompatible = expect.objectContaining({ code: 'CheckpointIncompatible' });
    expect(() => UNet3D.fromArrays(config, partial)).toThrow(incompatible);
    expect(() => UNet3D.fromArrays({ ...config, baseFilters: 2 }, arrays)).toThrow(incompatible);
    expect(() => other.assign(partial)).toThrow(/output_block/);
    for (const each of [net, other, copy]) each.dispose();
  });

  leakless('refuses even kernels and levels that do not match', () => {
    const random = randomStream(1, 'init');
    const even = { ...config, kernels: config.kernels.map(() => [2, 2, 2] as [number, number, number]) };
    const invalid = expect.objectContaining({ code: 'ConfigInvalid' });
    expect(() => UNet3D.initialise(even, random)).toThrow(invalid);
    expect(() => UNet3D.initialise({ ...config, kernels: config.kernels.slice(1) }, random)).toThrow(invalid);
  });
});

function expectClose(actual: tf.Tensor, expected: tf.Tensor): void {
  const distance = tf.tidy(() => tf.div(tf.norm(tf.sub(actual, expected)), tf.norm(expected)).dataSync()[0]!);
  expect(distance).toBeLessThan(1e-4);
}
