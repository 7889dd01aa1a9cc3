import { describe, expect, test } from 'vitest';
import type { LabelVideo } from '../../imaging/image.ts';
import {
  compareMitralValve,
  mistakesIn,
  mistakesPerCycle,
  ventriclePixels,
} from '../../metrics/mitral-valve.ts';
import { decodeBytes, type EncodedArray, loadGolden } from './golden-files.ts';

const golden = loadGolden('mitral_valve');

function videoOf(encoded: EncodedArray, spacingMm: [number, number]): LabelVideo {
  const [frames, rows, columns] = encoded.shape as [number, number, number];
  return { frames, rows, columns, spacingMm, frameTimeMs: 30, labels: decodeBytes(encoded) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

describe('mitral valve mistakes equal the reference', () => {
  for (const item of golden.cases) {
    test(item.name, () => {
      const prediction = videoOf(item.pred, item.spacing);
      const reference = videoOf(item.gt, item.spacing);
      const comparison = compareMitralValve(prediction, reference);
      expect(Array.from(ventriclePixels(reference))).toEqual(item.gt_lv_area_px);
      expect(comparison.cycles.cycles).toBe(item.num_cycles);
      expect(comparison.cycles.peaks).toEqual(item.peaks);
      expect(comparison.cycles.valleys).toEqual(item.valleys);

      // The reference counts a frame whose corners cannot be found as the image height away.
      const left = comparison.distances.map((pair) => pair?.left ?? reference.rows);
      const right = comparison.distances.map((pair) => pair?.right ?? reference.rows);
      const published = item.result_distances_in_pixels;
      for (const [t, value] of item.per_frame_pixels.mae_L.entries()) expect(left[t]).toBeCloseTo(value, 9);
      for (const [t, value] of item.per_frame_pixels.mae_R.entries()) expect(right[t]).toBeCloseTo(value, 9);
      expect(mean(left)).toBeCloseTo(published.mae_L, 9);
      expect(mean(right)).toBeCloseTo(published.mae_R, 9);

      for (const distance of golden.mistake_distances_mm as number[]) {
        expect(mistakesPerCycle(prediction, reference, distance)).toBeCloseTo(
          published[`mistake_per_cycle_${distance}mm`],
          9,
        );
        for (const [side, values] of [
          ['L', left],
          ['R', right],
        ] as const) {
          const alone = {
            ...comparison,
            distances: comparison.distances.map((pair, t) => pair && { left: values[t]!, right: values[t]! }),
          };
          expect(mistakesIn(alone, distance)).toBeCloseTo(
            published[`mistake_per_cycle_${distance}mm_${side}`],
            9,
          );
        }
      }
    });
  }
});
