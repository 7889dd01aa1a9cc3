import { describe, expect, it } from 'vitest';
import type { LabelVideo } from '../../imaging/image.ts';
import { sigmoid } from '../../method/rewards/calibration.ts';
import { fuseRewards, minMaxPerFrame } from '../../method/rewards/fusion.ts';
import { applyTemporalPenalty, temporalPenalty } from '../../method/rewards/temporal-penalty.ts';
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
      for (const [b, prediction] of predictions.entries()) {
        // The published code scales the landmark map too (method.md 12).
        const scaledLandmarks = minMaxPerFrame(landmarks[b]!.map(sigmoid), frames);
        const probabilities = anatomical[b]!.map((logit) => sigmoid(logit / golden.temperature));
        const reward = fuseRewards(probabilities, scaledLandmarks, frames);
        expect(largestDifference(reward, fused[b]!)).toBeLessThan(1e-5);

        const segmentation: LabelVideo = {
          frames,
          rows,
          columns,
          // The published grid, on which the blur is given in pixels.
          spacingMm: [0.37, 0.37],
          frameTimeMs: 40,
          labels: Uint8Array.from(prediction),
        };
        expect(largestDifference(temporalPenalty(segmentation), golden.p_t[b])).toBeLessThan(1e-9);
        // The published blur rounds to 32 bits, and a strong blur leaves a range of 0.002 that scaling widens to 1.
        expect(largestDifference(applyTemporalPenalty(fused[b]!, segmentation), penalised[b]!)).toBeLessThan(
          4e-5,
        );
      }
    });
  }
});
