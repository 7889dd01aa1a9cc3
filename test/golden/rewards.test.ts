import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-node-gpu';
import { describe, expect, it } from 'vitest';
import type { LabelVideo } from '../../imaging/image.ts';
import type { UNet3D } from '../../method/networks/unet3d.ts';
import { penalise, penaltiesOf, temporalPenalty } from '../../method/rewards/penalties.ts';
import { minMaxPerFrame, Reward } from '../../method/rewards/reward.ts';
import { decodeArray, type EncodedArray, loadGolden } from './golden-files.ts';

/** The clips of an array [batch, columns, rows, frames], each as [frames, rows, columns]. */
function clipsOf(encoded: EncodedArray): {
  frames: number;
  rows: number;
  columns: number;
  clips: Float32Array[];
} {
  const { shape, data } = decodeArray(encoded);
  const [batch, columns, rows, frames] = shape as [number, number, number, number];
  const clips = Array.from({ length: batch }, (_, b) => {
    const clip = new Float32Array(frames * rows * columns);
    for (let t = 0; t < frames; t++) {
      for (let r = 0; r < rows; r++) {
        for (let c = 0; c < columns; c++) {
          clip[(t * rows + r) * columns + c] = data[((b * columns + c) * rows + r) * frames + t]!;
        }
      }
    }
    return clip;
  });
  return { frames, rows, columns, clips };
}

function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  let largest = 0;
  for (let i = 0; i < expected.length; i++) largest = Math.max(largest, Math.abs(actual[i]! - expected[i]!));
  return largest;
}

describe('reward fusion and temporal penalty against the published code', () => {
  for (const golden of loadGolden('rewards').cases) {
    it(`fuses and penalises ${golden.name}`, () => {
      const { frames, rows, columns, clips: predictions } = clipsOf(golden.pred);
      const anatomical = clipsOf(golden.logits_anatomical).clips;
      const landmarks = clipsOf(golden.logits_landmarks).clips;
      const fused = clipsOf(golden.fused_reward_reference).clips;
      const penalised = clipsOf(golden.temporal_reward_spec_applied_to_fused).clips;
      // The published grid, on which the blur is given in pixels.
      const spacingMm = 0.37;
      for (const [b, prediction] of predictions.entries()) {
        const shape: [number, number, number, number] = [1, frames, rows, columns];
        const before = tf.memory().numTensors;
        tf.tidy(() => {
          const actions = tf.tensor4d(Int32Array.from(prediction), shape, 'int32');
          const logits = tf.tensor5d(anatomical[b]!, [...shape, 1]);
          const network = { forward: () => logits } as unknown as UNet3D;
          const temperature: number = golden.temperature;
          const reward = new Reward([{ kind: 'anatomical-reward', network, temperature }]);
          // The published code scales the landmark map too (method.md 12).
          const scaledLandmarks = minMaxPerFrame(tf.sigmoid(tf.tensor4d(landmarks[b]!, shape)));
          const ofAnatomy = reward.map(tf.zerosLike(logits), actions, 'per-frame');
          const both = tf.minimum(ofAnatomy, scaledLandmarks);
          expect(largestDifference(both.dataSync(), fused[b]!)).toBeLessThan(1e-5);

          const segmentation: LabelVideo = {
            frames,
            rows,
            columns,
            spacingMm: [spacingMm, spacingMm],
            frameTimeMs: 40,
            labels: Uint8Array.from(prediction),
          };
          expect(largestDifference(temporalPenalty(segmentation), golden.p_t[b])).toBeLessThan(1e-9);
          const penalties = penaltiesOf(actions, { temporalPenalty: { spacingMm } });
          const lowered = penalise(tf.tensor4d(fused[b]!.slice(), shape), penalties).dataSync();
          // The published blur rounds to 32 bits, and a strong blur leaves a range of 0.002 that scaling widens to 1.
          expect(largestDifference(lowered, penalised[b]!)).toBeLessThan(4e-5);
        });
        expect(tf.memory().numTensors).toBe(before);
      }
    });
  }
});
