import '@tensorflow/tfjs-node-gpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { ShapeAutoencoderSchema } from '../../../contracts/run-config.ts';
import { randomStream } from '../../../ground/random.ts';
import { encodeSafetensors } from '../../networks/safetensors.ts';
import { maskShape, ShapeAutoencoder } from './autoencoder.ts';
import { decodeAutoencoder, encodeAutoencoder } from './autoencoder-checkpoint.ts';

const config = ShapeAutoencoderSchema.parse({ maskSize: 16, baseFilters: 2, latentDimensions: 8 });
const create = () => ShapeAutoencoder.initialise(config, randomStream(1, 'autoencoder-weights'));
const shape = maskShape(config, 2);
const random = randomStream(2, 'autoencoder-test');
const normals = (count: number) => Float32Array.from({ length: count }, () => random.normal());
const masks = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => random.uniform());
const noise = normals(16);

describe('the shape autoencoder', () => {
  it('encodes masks to latent codes and decodes them to logits of the masks’ shape', () => {
    const autoencoder = create();
    const before = tf.memory().numTensors;
    const x = tf.tensor5d(masks, shape);
    const latent = autoencoder.encode(x);
    const logits = autoencoder.decode(latent);
    expect(latent.shape).toEqual([2, 8]);
    expect(logits.shape).toEqual(shape);
    tf.dispose([x, latent, logits]);
    expect(tf.memory().numTensors).toBe(before);
    autoencoder.dispose();
  });

  it('has gradients that agree with differences of its loss along random directions', () => {
    const before = tf.memory().numTensors;
    const autoencoder = create();
    const weightOfLogits = normals(masks.length);
    const weightOfMean = normals(16);
    const weightOfLogVariance = normals(16);
    // A loss that is linear in all outputs, so that its gradients by them are the weights.
    const loss = () => {
      const [x, n] = [tf.tensor5d(masks, shape), tf.tensor2d(noise, [2, 8])];
      const pass = autoencoder.forwardForTraining(x, n);
      const weighted = (output: tf.Tensor, weights: Float32Array) =>
        output.dataSync<'float32'>().reduce((sum, value, i) => sum + value * weights[i]!, 0);
      const value =
        weighted(pass.logits, weightOfLogits) +
        weighted(pass.posterior.mean, weightOfMean) +
        weighted(pass.posterior.logVariance, weightOfLogVariance);
      const [dLogits, mean, logVariance] = [
        tf.tensor5d(weightOfLogits, shape),
        tf.tensor2d(weightOfMean, [2, 8]),
        tf.tensor2d(weightOfLogVariance, [2, 8]),
      ];
      const gradients = pass.backward(dLogits, { mean, logVariance });
      pass.dispose();
      tf.dispose([x, n, dLogits, mean, logVariance]);
      return { value, gradients };
    };
    const { gradients } = loss();
    for (const [name, variable] of autoencoder.parameters) {
      const start = tf.clone(variable);
      const direction = tf.tensor(normals(variable.size), variable.shape);
      const slope = tf.tidy(() => tf.sum(tf.mul(direction, gradients.get(name)!)).dataSync()[0]!);
      const moved = (by: number) => {
        tf.tidy(() => variable.assign(tf.add(start, tf.mul(direction, by))));
        const { value, gradients: unused } = loss();
        tf.dispose([...unused.values()]);
        return value;
      };
      // Steps small enough to cross next to no kink of the leaky ReLUs.
      const difference = (moved(1e-4) - moved(-1e-4)) / 2e-4;
      expect(Math.abs(difference - slope) / Math.max(Math.abs(slope), 10), name).toBeLessThan(0.01);
      variable.assign(start);
      tf.dispose([start, direction]);
    }
    tf.dispose([...gradients.values()]);
    autoencoder.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('comes back from its checkpoint with the same answers and bytes', () => {
    const autoencoder = create();
    const bounds = Array.from({ length: 8 }, (_, d) => ({ minimum: -d, maximum: d + 0.5 }));
    const bytes = encodeAutoencoder({ autoencoder, bounds });
    const restored = decodeAutoencoder(bytes);
    expect(restored.bounds).toEqual(bounds);
    expect(restored.autoencoder.config).toEqual(config);
    expect(encodeAutoencoder(restored)).toEqual(bytes);
    autoencoder.dispose();
    restored.autoencoder.dispose();
  });

  it('refuses checkpoints of another kind or of a training that did not end', () => {
    expect(() => decodeAutoencoder(encodeSafetensors({}, { kind: 'policy' }))).toThrow('found "policy"');
    expect(() =>
      decodeAutoencoder(encodeSafetensors({}, { kind: 'shape-autoencoder', config: '{' })),
    ).toThrow('cannot be read');
    const autoencoder = create();
    expect(() => decodeAutoencoder(encodeAutoencoder({ autoencoder, bounds: [] }))).toThrow(
      'ranges for 0 of 8',
    );
    autoencoder.dispose();
  });

  it('refuses a mask size that does not halve', () => {
    const odd = { ...config, maskSize: 33 };
    expect(() => ShapeAutoencoder.initialise(odd, randomStream(1, 'weights'))).toThrow('multiple of 4');
  });
});
