import '@tensorflow/tfjs-node-gpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { ShapeAutoencoderSchema } from '../../contracts/run-config.ts';
import { generatePhantom } from '../../datasets/phantom/phantom.ts';
import { randomStream } from '../../ground/random.ts';
import { geometryOf } from '../../imaging/image.ts';
import { correctSequence, smoothCodes } from './correct-sequence.ts';
import { ShapeAutoencoder } from './shape-autoencoder/autoencoder.ts';

const config = ShapeAutoencoderSchema.parse({
  maskSize: 16,
  baseFilters: 2,
  latentDimensions: 8,
  batchFrames: 5,
});
const bounds = Array.from({ length: 8 }, () => ({ minimum: -1, maximum: 1 }));
const { labels: video } = generatePhantom({ domain: 'source', seed: 3, index: 0 });

describe('correcting a sequence', () => {
  it('keeps the grid, is repeatable, and frees its tensors', () => {
    const autoencoder = ShapeAutoencoder.initialise(config, randomStream(1, 'weights'));
    const before = tf.memory().numTensors;
    const corrected = correctSequence({ autoencoder, bounds }, video);
    expect(geometryOf(corrected)).toEqual(geometryOf(video));
    expect(corrected.labels.length).toBe(video.labels.length);
    expect(correctSequence({ autoencoder, bounds }, video).labels).toEqual(corrected.labels);
    expect(tf.memory().numTensors).toBe(before);
    autoencoder.dispose();
  });

  it('gives a video without any structure back', () => {
    const autoencoder = ShapeAutoencoder.initialise(config, randomStream(1, 'weights'));
    const empty = { ...video, labels: new Uint8Array(video.labels.length) };
    expect(correctSequence({ autoencoder, bounds }, empty)).toBe(empty);
    autoencoder.dispose();
  });

  it('smooths dimensions without an attribute more than those whose threshold is already kept', () => {
    const frames = 6;
    const codes = Float32Array.from({ length: frames * 8 }, (_, i) =>
      Math.floor(i / 8) % 2 === 0 ? 0.02 : -0.02,
    );
    const smoothed = smoothCodes(codes, frames, bounds);
    const departure = (d: number) => Math.abs(smoothed[2 * 8 + d]! - smoothed[3 * 8 + d]!);
    expect(departure(1)).toBeGreaterThan(departure(7));
    expect(departure(7)).toBeLessThan(0.01);
  });
});
