import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-node-gpu';
import { describe, expect, it } from 'vitest';
import { fullInference } from '../../contracts/presets.ts';
import { InferenceSchema, LinearShapesSchema, PreprocessingSchema } from '../../contracts/run-config.ts';
import { generatePhantom } from '../../datasets/phantom/phantom.ts';
import { preprocess } from '../../datasets/preprocessing.ts';
import { MYOCARDIUM } from '../../ground/labels.ts';
import { randomStream } from '../../ground/random.ts';
import { type GreyVideo, geometryOf, type LabelVideo } from '../../imaging/image.ts';
import { cleanVideo, keepLargestForegroundVideo } from '../../imaging/morphology.ts';
import { anatomicalValidity } from '../../metrics/anatomy.ts';
import { diceOf } from '../../metrics/overlap.ts';
import { tinyUNet } from '../networks/tiny-unet.fixture.ts';
import { UNet3D } from '../networks/unet3d.ts';
import { fitLinearShapes } from '../shapes/linear-shapes.ts';
import { placementOf } from '../shapes/placement.ts';
import { greyChannel, slideWindows } from '../windows/sliding-window.ts';
import { type Predictor, windowPredictor } from '../windows/window-predictor.ts';
import { mirroredVideo } from './mirroring.ts';
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
    expect(predictVideo(network, prepared.video, published)).toEqual(predicted());
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
    expect(predictVideo(network, prepared.video, full)).toEqual(predicted());
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
  expect(fused.predicted().labels).toEqual(whole.predicted().labels);
});

it('fills holes where cleaning is asked for, on both grids', () => {
  const hole = preparedAsItIs(disc((frame) => frame.fill(0.1, 12 * 24 + 11, 12 * 24 + 14)));
  const whole = segmentPrepared(brightness, preparedAsItIs(disc()), published);
  expect(segmentPrepared(brightness, hole, published).labels).not.toEqual(whole.labels);
  const cleaned = segmentPrepared(brightness, hole, { ...published, cleaning: true });
  expect(cleaned.labels).toEqual(whole.labels);
  expect(cleaned.predicted().labels).toEqual(whole.predicted().labels);
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

describe('completion by shapes', () => {
  const annotated = Array.from({ length: 10 }, (_, index) =>
    generatePhantom({ domain: 'source', seed: 5, index }),
  ).map(({ labels }) => labels);
  const shapes = fitLinearShapes(
    annotated,
    LinearShapesSchema.parse({ side: 32 }),
    randomStream(1, 'shapes'),
  );
  const completing = InferenceSchema.parse({ cleaning: true, completion: { enabled: true } });
  const { labels: heart } = generatePhantom({ domain: 'source', seed: 6, index: 0 });

  /** Labels as grey levels, four frames. */
  const painted = (change: (label: number, column: number) => number): GreyVideo => {
    const { rows, columns, spacingMm, frameTimeMs } = heart;
    const values = heart.labels.subarray(0, 4 * rows * columns);
    const intensities = Float32Array.from(values, (label, i) => change(label, i % columns) / 2);
    return { frames: 4, rows, columns, spacingMm, frameTimeMs, intensities };
  };
  /** Sees every label, but in columns left of `from` nothing. */
  const seeing = (from: number): Predictor => ({
    config: tinyUNet,
    forward: (x) =>
      tf.tidy(() => {
        const seen = tf
          .cast(tf.greaterEqual(tf.range(0, x.shape[3]), from), 'float32')
          .reshape([1, 1, 1, -1, 1]);
        const grey = tf.mul(x, seen);
        return tf.concat(
          [0, 0.5, 1].map((level) => tf.mul(-80, tf.square(tf.sub(grey, level)))),
          4,
        ) as tf.Tensor5D;
      }),
  });
  const invalid = ({ labels }: { labels: LabelVideo }) => anatomicalValidity(labels).invalidFrames.length;

  it('closes a wall that the policy does not see, and says how much of the heart it saw', () => {
    const torn = painted((label, column) => (label === MYOCARDIUM && column > heart.columns / 2 ? 0 : label));
    const prepared = preparedAsItIs(torn);
    const without = segmentPrepared(seeing(0), prepared, completing);
    const completed = segmentPrepared(seeing(0), prepared, completing, { shapes });
    expect([invalid(without), invalid(completed)]).toEqual([4, 0]);
    expect(without.completion).toBeUndefined();
    expect(completed.completion).toMatchObject({ taken: true });
    expect(completed.completion!.agreement).toBeGreaterThan(0.6);
    expect(completed.completion!.agreement).toBeLessThan(0.95);
    const predicted = predictVideo(seeing(0), prepared.video, completing, { shapes });
    expect(invalid({ labels: predicted })).toBe(0);
    expect(completed.predicted()).toEqual(predicted);
    // The policy is sure of what it sees, which is not what is shown.
    const seen = without.predicted();
    const sure = seen.certainty.map((value, i) => (predicted.labels[i] === seen.labels[i] ? value : 0));
    expect(Math.min(...seen.certainty)).toBeGreaterThan(0.9);
    expect(predicted.certainty).toEqual(sure);
    expect(sure).toContain(0);
    expect(segmentPrepared(seeing(0), prepared, published, { shapes }).labels).toEqual(
      segmentPrepared(seeing(0), prepared, published).labels,
    );
  });

  it('is of both grids or of none, so that a confidence map is of the mask that is shown', () => {
    const whole = painted((label) => label);
    const torn = (labels: LabelVideo): LabelVideo => ({
      ...labels,
      labels: labels.labels.map((label, i) =>
        label === MYOCARDIUM && i % heart.columns > heart.columns / 2 ? 0 : label,
      ),
    });
    const tornAtHome = { ...preparedAsItIs(whole), restoreLabels: torn };
    const home = segmentPrepared(seeing(0), tornAtHome, completing, { shapes });
    expect(home.completion).toMatchObject({ taken: true });
    expect(diceOf(home.predicted(), home.labels).myo).toBeGreaterThan(0.9);
    expect(home.predicted().labels).not.toEqual(
      predictVideo(seeing(0), whole, completing, { shapes }).labels,
    );

    const tear = painted((label, column) => (label === MYOCARDIUM && column > heart.columns / 2 ? 0 : label));
    const { labels: heartLabels } = segmentPrepared(seeing(0), preparedAsItIs(whole), completing);
    const wholeAtHome = { ...preparedAsItIs(tear), restoreLabels: () => heartLabels };
    const away = segmentPrepared(seeing(0), wholeAtHome, completing, { shapes });
    expect(away.completion).toBeUndefined();
    expect(away.predicted()).toEqual(segmentPrepared(seeing(0), wholeAtHome, completing).predicted());
  });

  it('leaves what is valid as it was seen', () => {
    const prepared = preparedAsItIs(painted((label) => label));
    const completed = segmentPrepared(seeing(0), prepared, completing, { shapes });
    const without = segmentPrepared(seeing(0), prepared, completing);
    expect(completed.labels).toEqual(without.labels);
    expect(completed.predicted()).toEqual(without.predicted());
    expect(completed.completion).toBeUndefined();
  });

  it('looks at a video in the mirror when it sees nothing like a heart in it, and not otherwise', () => {
    const { columns } = heart;
    const video = painted((label) => label);
    const mirrored = mirroredVideo(video);
    // What lies to the left of the ventricle's middle is not seen, so as it is the heart is half of one.
    const middle = Math.round(placementOf(heart)!.centreMm[1] / heart.spacingMm[1]);
    const policy = seeing(Math.min(middle, columns - 1 - middle));
    const found = [video, mirrored].map((one) =>
      segmentPrepared(policy, preparedAsItIs(one), completing, { shapes }),
    );
    expect(found.map((one) => one.mirrored === true).sort()).toEqual([false, true]);
    const [asItIs, other] = found.map(({ labels }) => labels) as [LabelVideo, LabelVideo];
    const dice = (found: LabelVideo, of: GreyVideo) =>
      diceOf(found, { ...found, labels: Uint8Array.from(of.intensities, (value) => Math.round(2 * value)) })
        .lv;
    expect(Math.min(dice(asItIs, video), dice(other, mirrored))).toBeGreaterThan(0.9);
    const never = { ...completing, completion: { ...completing.completion, mirrorBelow: 0 } };
    const unmirrored = [video, mirrored].map((one) =>
      dice(segmentPrepared(policy, preparedAsItIs(one), never, { shapes }).labels, one),
    );
    expect(Math.min(...unmirrored)).toBeLessThan(0.9);
  });

  it('sees nothing to agree with where there is no ventricle, or a speck alone', () => {
    const { rows, columns } = heart;
    const speck = (i: number) => Number(i % (rows * columns) < 8) / 2;
    const nothing = painted(() => 0);
    const specks = { ...nothing, intensities: nothing.intensities.map((_, i) => speck(i)) };
    const always = { ...completing, completion: { ...completing.completion, leaveBelow: 0 } };
    for (const video of [nothing, specks]) {
      const prepared = preparedAsItIs(video);
      const { completion, labels } = segmentPrepared(seeing(0), prepared, always, { shapes });
      expect(completion).toEqual({ agreement: 0, taken: false });
      expect(labels).toEqual(segmentPrepared(seeing(0), prepared, completing).labels);
    }
  });

  it('makes no heart up where what is seen is hardly like one', () => {
    // A blotch in the picture's corner, with a speck of wall.
    const blotch = preparedAsItIs({
      ...painted(() => 0),
      intensities: painted(() => 0).intensities.map((_, i) => {
        const [row, column] = [Math.floor(i / heart.columns) % heart.rows, i % heart.columns];
        if (row > heart.rows - 14 && column < 60) return 0.5;
        return row > heart.rows - 18 && column < 6 ? 1 : 0;
      }),
    });
    const seen = segmentPrepared(seeing(0), blotch, completing);
    const left = segmentPrepared(seeing(0), blotch, completing, { shapes });
    expect(left.completion).toMatchObject({ taken: false });
    expect(left.labels).toEqual(seen.labels);
    expect(left.predicted()).toEqual(seen.predicted());
    const bold = { ...completing, completion: { ...completing.completion, leaveBelow: 0 } };
    expect(segmentPrepared(seeing(0), blotch, bold, { shapes }).labels).not.toEqual(seen.labels);
  });
});
