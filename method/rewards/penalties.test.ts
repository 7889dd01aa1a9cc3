import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-node-gpu';
import { describe, expect, it } from 'vitest';
import type { LabelVideo } from '../../imaging/image.ts';
import { landmarkFreeMeasures } from '../../metrics/temporal.ts';
import { frameBlur } from './frame-blur.ts';
import { penalise, penaltiesOf, temporalPenalty } from './penalties.ts';

/** Left ventricle as a square of the given side in a ring of myocardium, one side per frame. */
function squares(sides: readonly number[], size = 40): LabelVideo {
  const labels = new Uint8Array(sides.length * size * size);
  for (const [t, side] of sides.entries()) {
    for (let r = 4; r < 12 + side; r++) {
      for (let c = 4; c < 12 + side; c++) {
        const inside = r >= 8 && r < 8 + side && c >= 8 && c < 8 + side;
        labels[(t * size + r) * size + c] = inside ? 1 : 2;
      }
    }
  }
  return { frames: sides.length, rows: size, columns: size, spacingMm: [1, 1], frameTimeMs: 40, labels };
}

function rewardWithOneError(video: LabelVideo): Float32Array {
  const reward = new Float32Array(video.labels.length).fill(1);
  const pixels = video.rows * video.columns;
  for (let t = 0; t < video.frames; t++) reward[t * pixels + 20 * video.columns + 20] = 0;
  return reward;
}

type Shape = [number, number, number, number];

/** The reward of one window with the penalties of the rules; checks that nothing else is left of it. */
function penalised(
  reward: Float32Array,
  { frames, rows, columns, labels }: LabelVideo,
  rules: Parameters<typeof penaltiesOf>[1],
): Float32Array {
  const shape: Shape = [1, frames, rows, columns];
  const before = tf.memory().numTensors;
  const values = tf.tidy(() => {
    const actions = tf.tensor4d(Int32Array.from(labels), shape, 'int32');
    return penalise(tf.tensor4d(reward.slice(), shape), penaltiesOf(actions, rules)).dataSync<'float32'>();
  });
  expect(tf.memory().numTensors).toBe(before);
  return values;
}
const spread = (reward: Float32Array, video: LabelVideo) =>
  penalised(reward, video, { temporalPenalty: { spacingMm: 1 } });

describe('the temporal penalty', () => {
  it('leaves the reward of a steady segmentation as it is', () => {
    const video = squares([12, 13, 14, 15]);
    const reward = rewardWithOneError(video);
    expect([...temporalPenalty(video)]).toEqual([0, 0, 0, 0]);
    expect(spread(reward, video)).toEqual(reward);
  });

  it('spreads errors where the segmentation jumps, most around the jump, and never raises a reward', () => {
    const video = squares([12, 20, 12, 12]);
    const reward = rewardWithOneError(video);
    const penalty = temporalPenalty(video);
    expect(penalty[1]).toBeGreaterThan(penalty[3]!);
    const lowered = spread(reward, video);
    expect(lowered.every((value, i) => value <= reward[i]! && value >= 0)).toBe(true);
    const nextToError = 1 * video.rows * video.columns + 20 * video.columns + 22;
    expect(lowered[nextToError]).toBeLessThan(0.6);
  });

  it('looks for jumps in the whole video with the window in its place', () => {
    const beat = [8, 10, 12, 14, 16, 16, 14, 12, 10, 8];
    const measures = landmarkFreeMeasures(squares(beat));
    const window = squares(beat.slice(3, 7));
    expect(temporalPenalty(window).some((value) => value > 0)).toBe(true);
    expect([...temporalPenalty(window, { measures, startFrame: 3 })]).toEqual([0, 0, 0, 0]);
    // What the frames of the window were before does not matter, what lies next to them does.
    const broken = landmarkFreeMeasures(squares([...beat.slice(0, 3), 4, 18, 4, 18, ...beat.slice(7)]));
    expect([...temporalPenalty(window, { measures: broken, startFrame: 3 })]).toEqual([0, 0, 0, 0]);
    const outside = landmarkFreeMeasures(squares([8, 10, 18, ...beat.slice(3)]));
    const atItsEdge = temporalPenalty(window, { measures: outside, startFrame: 3 });
    expect(atItsEdge[0]).toBeGreaterThan(atItsEdge[3]!);
  });

  it('keeps a perfect reward perfect, having no error to spread', () => {
    const video = squares([12, 20, 12, 12]);
    const reward = new Float32Array(video.labels.length).fill(1);
    expect(spread(reward, video)).toEqual(reward);
  });
});

describe('the cleaning penalty', () => {
  /** Two frames: a cavity in a wall with a speck of cavity in the wall, then the same without it. */
  function speckled(): LabelVideo {
    const frame = (speck: number): number[] =>
      [
        [0, 0, 0, 0, 0, 0, 0],
        [0, 2, 2, 2, 2, 2, 0],
        [0, 2, 1, 1, 2, 2, 0],
        [0, 2, 1, 1, 2, speck, 2],
        [0, 2, 2, 2, 2, 2, 2],
        [0, 0, 0, 0, 0, 0, 0],
      ].flat();
    const labels = Uint8Array.from([...frame(1), ...frame(2)]);
    return { frames: 2, rows: 6, columns: 7, spacingMm: [1, 1], frameTimeMs: 40, labels };
  }

  it('takes the reward from the pixels that cleaning would change, and from no other', () => {
    const reward = new Float32Array(84).fill(0.75);
    const expected = reward.slice();
    expected[3 * 7 + 5] = 0;
    expect(penalised(reward, speckled(), { cleaningPenalty: true })).toEqual(expected);
  });
});

it('leaves a reward without penalties as it is', () => {
  const video = squares([12, 20, 12, 12]);
  const reward = rewardWithOneError(video);
  expect(penalised(reward, video, {})).toEqual(reward);
});

it('refuses the penalties of other windows', () => {
  tf.tidy(() => {
    const reward = tf.zeros([1, 2, 6, 7]) as tf.Tensor4D;
    const blur = frameBlur(new Float64Array(3), 6, 7);
    expect(() => penalise(reward, { blur })).toThrow(/3 frames.*1, 2, 6, 7/);
    expect(() => penalise(reward, { kept: tf.ones([1, 1, 6, 7]) })).toThrow('[1, 1, 6, 7]');
  });
});
