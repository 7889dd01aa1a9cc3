import { describe, expect, test } from 'vitest';
import type { LabelVideo } from '../../imaging/image.ts';
import { landmarkLabel } from '../../method/rewards/landmark-label.ts';
import { decodeBytes, type EncodedArray, loadGolden } from './golden-files.ts';

const MISTAKE_MM = 4;

function videoOf(encoded: EncodedArray, spacingMm: [number, number]): LabelVideo {
  const [frames, rows, columns] = encoded.shape as [number, number, number];
  return { frames, rows, columns, spacingMm, frameTimeMs: 30, labels: decodeBytes(encoded) };
}

describe('landmark labels mark the mistakes that the published distances tell of', () => {
  for (const item of loadGolden('mitral_valve').cases) {
    test(item.name, () => {
      const truth = videoOf(item.gt, item.spacing);
      const label = landmarkLabel(videoOf(item.pred, item.spacing), truth, MISTAKE_MM);
      if (item.name === 'gt_landmark_fails_one_frame') {
        expect(label).toBeUndefined();
        return;
      }
      const pixels = truth.rows * truth.columns;
      const { mae_L, mae_R } = item.per_frame_pixels as Record<'mae_L' | 'mae_R', number[]>;
      for (let t = 0; t < truth.frames; t++) {
        const least = label!.subarray(t * pixels, (t + 1) * pixels).reduce((a, b) => Math.min(a, b), 1);
        const wrong = Math.max(mae_L[t]!, mae_R[t]!) * item.spacing[0] > MISTAKE_MM;
        expect(least).toBe(wrong ? 0 : 1);
      }
    });
  }
});
