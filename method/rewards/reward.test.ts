import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-node-gpu';
import { expect, it } from 'vitest';
import { InferenceSchema } from '../../contracts/run-config.ts';
import { randomStream } from '../../ground/random.ts';
import type { GreyVideo } from '../../imaging/image.ts';
import { landmarkFreeMeasures } from '../../metrics/temporal.ts';
import { nativeBackend } from '../../recorded/leakless.fixture.ts';
import { recordSteps } from '../../recorded/recorded.ts';
import { encodeNetwork } from '../networks/network-checkpoint.ts';
import { tinyUNet } from '../networks/tiny-unet.fixture.ts';
import { UNet3D } from '../networks/unet3d.ts';
import { minMaxPerFrame, Reward } from './reward.ts';
import { rewardNetworkConfig } from './reward-network.ts';

const random = randomStream(4, 'reward map test');
const temporalPenalty = { spacingMm: 0.37 };
const normals = (length: number) => Float32Array.from({ length }, () => random.normal());

/** A network whose logits are a function of its input. */
function network(forward: (x: tf.Tensor5D) => tf.Tensor): UNet3D {
  const dispose = () => {};
  return {
    config: tinyUNet,
    forward: (x: tf.Tensor5D) => tf.tidy(() => forward(x)),
    dispose,
  } as unknown as UNet3D;
}
const imageChannel = (x: tf.Tensor5D) => tf.slice(x, [0, 0, 0, 0, 0], [-1, -1, -1, -1, 1]);
const labelChannel = (x: tf.Tensor5D) => tf.slice(x, [0, 0, 0, 0, 1], [-1, -1, -1, -1, 1]);

const anatomicalAlone = (forward: (x: tf.Tensor5D) => tf.Tensor, temperature = 1) =>
  new Reward([{ kind: 'anatomical-reward', network: network(forward), temperature }]);

/** Labels of frames of 20 x 20 pixels, each with a cavity as wide as said in its corner. */
function squares(...sides: readonly number[]): number[] {
  return sides.flatMap((side) =>
    Array.from({ length: 400 }, (_, i) => (Math.floor(i / 20) < side && i % 20 < side ? 1 : 0)),
  );
}

it('takes the smaller of the scaled anatomical and the landmark map, whatever the temperature, and says how many passes that is', () => {
  const image = tf.tensor5d(normals(2 * 4 * 64), [2, 4, 8, 8, 1]);
  const actions = tf.cast(tf.mul(tf.abs(tf.squeeze(image, [4])), 1.4), 'int32') as tf.Tensor4D;
  const before = tf.memory().numTensors;
  const training = new Reward([
    { kind: 'anatomical-reward', network: network(imageChannel), temperature: 2 },
    { kind: 'landmark-reward', network: network((x) => tf.sub(1, labelChannel(x))), temperature: 1 },
  ]).ofWindows({ scaling: 'per-frame' });
  const reward = training.of(image, actions);
  expect(tf.memory().numTensors).toBe(before + 1);
  expect(training.passes).toBe(2);
  tf.tidy(() => {
    const scale = (map: tf.Tensor) => {
      const [low, high] = [tf.min(map, [2, 3], true), tf.max(map, [2, 3], true)];
      return tf.div(tf.sub(map, low), tf.sub(high, low));
    };
    const anatomical = scale(tf.sigmoid(tf.div(tf.squeeze(image, [4]), 2)));
    const landmark = tf.sigmoid(tf.sub(1, tf.cast(actions, 'float32')));
    const difference = tf.abs(tf.sub(reward, tf.minimum(anatomical, landmark)));
    expect(tf.max(difference).dataSync()[0]).toBeLessThan(1e-6);
  });
  tf.dispose([image, actions, reward]);
});

it('lowers the reward around errors in the frames where time is broken, in that window alone', () => {
  tf.tidy(() => {
    const jumping = squares(10, 10, 3, 10);
    const steady = squares(10, 10, 10, 10);
    const actions = tf.tensor4d(Int32Array.from([...steady, ...jumping]), [2, 4, 20, 20], 'int32');
    const image = tf.tensor5d(normals(3200), [2, 4, 20, 20, 1]);
    const reward = anatomicalAlone((x) => tf.mul(imageChannel(x), 0.2));
    const scaling = 'per-frame' as const;
    const plain = reward.ofWindows({ scaling }).of(image, actions);
    const penalised = reward.ofWindows({ scaling, temporalPenalty }).of(image, actions);
    const [steadyLoss, jumpingLoss] = tf.mean(tf.sub(plain, penalised), [1, 2, 3]).dataSync() as unknown as [
      number,
      number,
    ];
    expect(steadyLoss).toBe(0);
    expect(jumpingLoss).toBeGreaterThan(0.01);
  });
});

it('judges every window of the batch within its own video where that is given', () => {
  tf.tidy(() => {
    // A turning point, which is a jump only where nothing is known of the rest of the beat.
    const turning = squares(14, 15, 15, 14);
    const actions = tf.tensor4d(Int32Array.from([...turning, ...turning]), [2, 4, 20, 20], 'int32');
    const image = tf.tensor5d(normals(3200), [2, 4, 20, 20, 1]);
    const reward = anatomicalAlone((x) => tf.mul(imageChannel(x), 0.2));
    const scaling = 'none' as const;
    const beat = [6, 8, 10, 12, 14, 15, 15, 14, 12, 10, 8, 6];
    // Measured on the grid of the windows, in mm: areas of another unit would be a jump at the window's edges.
    const measures = landmarkFreeMeasures({
      frames: beat.length,
      rows: 20,
      columns: 20,
      spacingMm: [temporalPenalty.spacingMm, temporalPenalty.spacingMm],
      frameTimeMs: 40,
      labels: Uint8Array.from(squares(...beat)),
    });
    const plain = reward.ofWindows({ scaling }).of(image, actions);
    const penalised = reward
      .ofWindows({ scaling, temporalPenalty })
      .of(image, actions, [undefined, { measures, startFrame: 4 }]);
    const losses = tf.mean(tf.sub(plain, penalised), [1, 2, 3]).dataSync();
    expect(losses[0]).toBeGreaterThan(0.01);
    expect(losses[1]).toBe(0);
  });
});

it('gives nothing for what cleaning would change, in the window where it is, when asked to', () => {
  tf.tidy(() => {
    const cavity = squares(9);
    const actions = tf.tensor4d(Int32Array.from([...cavity, ...cavity]), [2, 1, 20, 20], 'int32');
    const speck = tf.scatterND(
      tf.tensor2d([[1, 0, 15, 15]], [1, 4], 'int32'),
      tf.tensor1d([1], 'int32'),
      [2, 1, 20, 20],
    );
    const image = tf.tensor5d(normals(800), [2, 1, 20, 20, 1]);
    const reward = anatomicalAlone(imageChannel);
    const scaling = 'none' as const;
    const withSpeck = tf.add(actions, speck) as tf.Tensor4D;
    const plain = reward.ofWindows({ scaling }).of(image, withSpeck).dataSync();
    const cleaned = reward.ofWindows({ scaling, cleaningPenalty: true }).of(image, withSpeck);
    const expected = Float32Array.from(plain);
    expected[400 + 15 * 20 + 15] = 0;
    expect(cleaned.dataSync()).toEqual(expected);
  });
});

it('scales every frame by its own range, and leaves a constant one as it is, clamped', () => {
  tf.tidy(() => {
    const scaled = (values: number[]) => [...minMaxPerFrame(tf.tensor4d(values, [1, 2, 1, 3])).dataSync()];
    expect(scaled([0.25, 0.75, 0.5, 0.5, 0.75, 1])).toEqual([0, 1, 0.5, 0, 0.5, 1]);
    expect(scaled([0.5, 0.5, 0.5, 2, 2, 2])).toEqual([0.5, 0.5, 0.5, 1, 1, 1]);
  });
});

it('does not scale the landmark map per frame, be it alone', () => {
  tf.tidy(() => {
    const landmark = new Reward([
      { kind: 'landmark-reward', network: network(imageChannel), temperature: 1 },
    ]);
    const image = tf.tensor5d(normals(16), [1, 1, 4, 4, 1]);
    const actions = tf.zeros([1, 1, 4, 4], 'int32') as tf.Tensor4D;
    expect(landmark.map(image, actions, 'per-frame').dataSync()).toEqual(tf.sigmoid(image).dataSync());
  });
});

it('maps a whole video as it maps a window, pixel by pixel where the network looks at single pixels', () => {
  const [frames, rows, columns] = [5, 9, 11];
  const video: GreyVideo = {
    frames,
    rows,
    columns,
    spacingMm: [0.5, 0.4],
    frameTimeMs: 33,
    intensities: normals(frames * rows * columns),
  };
  const labels = Uint8Array.from(video.intensities, (value) => (value > 0 ? 2 : 0));
  const reward = anatomicalAlone((x) => tf.add(imageChannel(x), labelChannel(x)), 2);
  const inference = InferenceSchema.parse({});
  const before = tf.memory().numTensors;
  const ofVideo = reward.ofVideo(video, { ...video, labels }, inference);
  expect(tf.memory().numTensors).toBe(before);
  ofVideo.forEach((value, i) => {
    expect(value).toBeCloseTo(1 / (1 + Math.exp(-(video.intensities[i]! + labels[i]!) / 2)), 5);
  });
  const shorter = { ...video, frames: 4, labels: labels.subarray(rows * columns) };
  expect(() => reward.ofVideo(video, shorter, inference)).toThrow('on one grid');
  expect(tf.memory().numTensors).toBe(before);
});

it('maps a whole video with both networks to the same bits recorded as operation by operation', () => {
  const [frames, rows, columns] = [7, 10, 12];
  const count = () => [tf.memory().numTensors, nativeBackend().binding.getNumOfTensors()];
  const before = count();
  const config = rewardNetworkConfig(tinyUNet);
  const reward = new Reward(
    (['anatomical-reward', 'landmark-reward'] as const).map((kind, index) => ({
      kind,
      network: UNet3D.initialise(config, randomStream(index, kind)),
      temperature: 2 - index,
    })),
  );
  const intensities = normals(frames * rows * columns);
  const geometry = { frames, rows, columns, spacingMm: [0.5, 0.4] as const, frameTimeMs: 33 };
  const labels = Uint8Array.from(intensities, (value) => (value > 0 ? 1 : 0));
  const map = () =>
    reward.ofVideo({ ...geometry, intensities }, { ...geometry, labels }, InferenceSchema.parse({}));
  recordSteps(false);
  const plain = map();
  recordSteps(true);
  for (let call = 0; call < 4; call++) expect(map()).toEqual(plain);
  reward.dispose();
  expect(count()).toEqual(before);
});

it('loads stored networks with the temperature of their checkpoint, or the one that is known of them', () => {
  const config = rewardNetworkConfig(tinyUNet);
  const stored = (kind: 'anatomical-reward' | 'landmark-reward' | 'critic', extra = {}) => {
    const network = UNet3D.initialise(config, randomStream(1, kind));
    const bytes = encodeNetwork(network, kind, extra);
    network.dispose();
    return { bytes, origin: `${kind}.safetensors` };
  };
  const before = tf.memory().numTensors;
  const [anatomical, landmark] = [
    stored('anatomical-reward', { temperature: '2.5' }),
    stored('landmark-reward', { temperature: '3' }),
  ];
  const reward = Reward.fromCheckpoints([landmark, anatomical]);
  expect(reward.networks).toMatchObject([
    { kind: 'landmark-reward', temperature: 1 },
    { kind: 'anatomical-reward', temperature: 2.5 },
  ]);
  const known = Reward.fromCheckpoints([{ ...anatomical, temperature: 4 }]);
  expect(known.networks).toMatchObject([{ temperature: 4 }]);
  for (const each of [reward, known]) each.dispose();

  const load = (...checkpoints: Parameters<typeof Reward.fromCheckpoints>[0]) =>
    Reward.fromCheckpoints(checkpoints);
  expect(() => load(anatomical, anatomical)).toThrow('are both reward networks of kind anatomical-reward');
  expect(() => load({ ...landmark, kind: 'anatomical-reward' })).toThrow('landmark-reward.safetensors: ');
  expect(() => load(anatomical, stored('critic'))).toThrow('critic.safetensors: A checkpoint of kind');
  expect(() => load(stored('anatomical-reward', { temperature: 'warm' }))).toThrow('found "warm"');
  expect(() => load()).toThrow('found none');
  expect(tf.memory().numTensors).toBe(before);
});
