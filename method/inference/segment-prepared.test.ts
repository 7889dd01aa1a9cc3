import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-node-gpu';
import { describe, expect, it } from 'vitest';
import { fullInference } from '../../contracts/presets.ts';
import { InferenceSchema, PreprocessingSchema } from '../../contracts/run-config.ts';
import { preprocess } from '../../datasets/preprocessing.ts';
import { randomStream } from '../../ground/random.ts';
import { type GreyVideo, geometryOf, type LabelVideo } from '../../imaging/image.ts';
import { cleanVideo, keepLargestForegroundVideo } from '../../imaging/morphology.ts';
import { tinyUNet } from '../networks/tiny-unet.fixture.ts';
import { UNet3D } from '../networks/unet3d.ts';
import { greyChannel, slideWindows } from '../windows/sliding-window.ts';
import { type Predictor, windowPredictor } from '../windows/window-predictor.ts';
import { preparedAsItIs } from './prepared.fixture.ts';
import {
  predictVideo,
  segmentPrepared,
  segmentProbabilities,
  videoProbabilities,
} from './segment-prepared.ts';

const published = InferenceSchema.parse({});
const full = InferenceSchema.parse(fullInference);
const preprocessing = PreprocessingSchema.parse({ spacingMm: 1.3, multiple: 8, clahe: { enabled: false } });

function noise(frames: number, rows: number, columns: number): GreyVideo {
  const random = randomStream(1, 'segment test');
  const intensities = Float32Array.from({ length: frames * rows * columns }, () => random.uniform());
  return { frames, rows, columns, spacingMm: [0.5, 0.4], frameTimeMs: 33, intensities };
}

/** Three frames alike of a bright disc, 24 pixels square; the middle one is changed by `change`. */
function disc(change: (frame: Float32Array) => void = () => {}): GreyVideo {
  const frame = Float32Array.from({ length: 24 * 24 }, (_, i) =>
    Math.hypot(Math.floor(i / 24) - 11.5, (i % 24) - 11.5) < 7 ? 0.9 : 0.1,
  );
  const intensities = Float32Array.from({ length: 3 * 24 * 24 }, (_, i) => frame[i % (24 * 24)]!);
  change(intensities.subarray(24 * 24, 2 * 24 * 24));
  return { frames: 3, rows: 24, columns: 24, spacingMm: [1, 1], frameTimeMs: 40, intensities };
}

/** Label 1 is as likely as the pixel is bright. */
const brightness: Predictor = {
  config: tinyUNet,
  forward: (x) =>
    tf.concat([tf.zerosLike(x), tf.mul(tf.sub(x, 0.5), 8), tf.fill(x.shape, -20)], 4) as tf.Tensor5D,
};

/** The published way, spelled out. */
function labelsRestored(policy: Predictor, video: GreyVideo): LabelVideo {
  const prepared = preprocess(video, preprocessing);
  const logits = slideWindows(greyChannel(prepared.video), windowPredictor(policy), published).values;
  const labels = Uint8Array.from({ length: logits.length / 3 }, (_, i) => {
    const of = [...logits.subarray(3 * i, 3 * i + 3)];
    return of.indexOf(Math.max(...of));
  });
  return prepared.restoreLabels(keepLargestForegroundVideo({ ...geometryOf(prepared.video), labels }));
}

describe.each([
  [1, 24, 31],
  [2, 20, 20],
  [7, 33, 40],
])('%i frames of %i x %i pixels', (frames, rows, columns) => {
  const video = noise(frames, rows, columns);
  const prepared = preprocess(video, preprocessing);

  it('are segmented as published by default, bit for bit', () => {
    const network = UNet3D.initialise(tinyUNet, randomStream(2, 'network'));
    const before = tf.memory().numTensors;
    const { labels, predicted } = segmentPrepared(network, prepared, published);
    expect(tf.memory().numTensors).toBe(before);
    expect(labels).toEqual(labelsRestored(network, video));
    expect(predictVideo(network, prepared.video, published)).toEqual(predicted);
    network.dispose();
  });

  it('are segmented on their own grid with everything that needs no learning', () => {
    const network = UNet3D.initialise(tinyUNet, randomStream(2, 'network'));
    const before = tf.memory().numTensors;
    const { labels, predicted } = segmentPrepared(network, prepared, full);
    expect(tf.memory().numTensors).toBe(before);
    expect({ ...labels, labels: undefined }).toEqual({ ...geometryOf(video), labels: undefined });
    expect(labels.labels).toHaveLength(video.intensities.length);
    expect(cleanVideo(labels)).toEqual(labels);
    expect(predictVideo(network, prepared.video, full)).toEqual(predicted);
    network.dispose();
  });

  it('have the most likely labels of probabilities that were restored in straight lines', () => {
    const network = UNet3D.initialise(tinyUNet, randomStream(2, 'network'));
    const probabilities = videoProbabilities(network, prepared.video, published);
    network.dispose();
    const maps = [0, 1, 2].map((k) => {
      const intensities = Float32Array.from(
        { length: probabilities.length / 3 },
        (_, i) => probabilities[3 * i + k]!,
      );
      return prepared.restoreMap({ ...geometryOf(prepared.video), intensities }).intensities;
    });
    const labels = Uint8Array.from(maps[0]!, (_, i) => {
      const of = maps.map((map) => map[i]!);
      return of.indexOf(Math.max(...of));
    });
    const found = segmentProbabilities(probabilities, prepared, { ...published, restore: 'probabilities' });
    expect(found.labels).toEqual(keepLargestForegroundVideo({ ...geometryOf(video), labels }));
  });
});

it('draws borders between the pixels of the networks', () => {
  const prepared = preprocess(disc(), { ...preprocessing, spacingMm: 2 });
  const truth = disc().intensities.map((value) => Number(value > 0.5));
  const wrong = (restore: 'labels' | 'probabilities'): number => {
    const { labels } = segmentPrepared(brightness, prepared, { ...published, restore }).labels;
    return labels.reduce((sum, label, i) => sum + Number(label !== truth[i]), 0);
  };
  expect(wrong('probabilities')).toBeLessThan(wrong('labels') / 2);
});

it('takes out what one frame says and those around it do not, on both grids', () => {
  const torn = preparedAsItIs(disc((frame) => frame.fill(0.3, 12 * 24, 14 * 24)));
  const whole = segmentPrepared(brightness, preparedAsItIs(disc()), published);
  const { timeFusion } = full;
  expect(segmentPrepared(brightness, torn, published).labels).not.toEqual(whole.labels);
  const fused = segmentPrepared(brightness, torn, { ...published, timeFusion });
  expect(fused.labels).toEqual(whole.labels);
  expect(fused.predicted.labels).toEqual(whole.predicted.labels);
});

it('fills holes where cleaning is asked for, on both grids', () => {
  const hole = preparedAsItIs(disc((frame) => frame.fill(0.1, 12 * 24 + 11, 12 * 24 + 14)));
  const whole = segmentPrepared(brightness, preparedAsItIs(disc()), published);
  expect(segmentPrepared(brightness, hole, published).labels).not.toEqual(whole.labels);
  const cleaned = segmentPrepared(brightness, hole, { ...published, cleaning: true });
  expect(cleaned.labels).toEqual(whole.labels);
  expect(cleaned.predicted.labels).toEqual(whole.predicted.labels);
});

it('takes the mean over views where it is asked for, or always', () => {
  const { video } = preparedAsItIs(disc());
  const views = { always: false, contrasts: [0.5], shiftsMm: [4], rotationsDegrees: [], zooms: [] };
  const settings = { ...published, testTimeAugmentation: views };
  const one = videoProbabilities(brightness, video, settings);
  const overViews = videoProbabilities(brightness, video, settings, { augment: true });
  expect(overViews).not.toEqual(one);
  const always = { ...settings, testTimeAugmentation: { ...views, always: true } };
  expect(videoProbabilities(brightness, video, always)).toEqual(overViews);
});

it('refuses probabilities that do not fit the video', () => {
  expect(() => segmentProbabilities(new Float32Array(7), preparedAsItIs(disc()), published)).toThrow(
    /7 probabilities do not fit/,
  );
});
