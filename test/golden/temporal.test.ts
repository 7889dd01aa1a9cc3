import { describe, expect, test } from 'vitest';
import type { LabelVideo } from '../../imaging/image.ts';
import type { TemporalMeasureName } from '../../metrics/evaluation.ts';
import {
  landmarkFreeFlags,
  landmarkFreeMeasures,
  scaledSecondDifference,
  temporalFlags,
  temporalMeasures,
  temporalThresholds,
  temporalValidity,
} from '../../metrics/temporal.ts';
import { decodeBytes, goldenNumber, loadGolden } from './golden-files.ts';

const golden = loadGolden('temporal');

const published: Record<TemporalMeasureName, string> = {
  lvArea: 'lv_area',
  myoArea: 'myo_area',
  lvBaseWidth: 'lv_base_width',
  lvLength: 'lv_length',
  epiCenterX: 'epi_center_x',
  epiCenterY: 'epi_center_y',
  hausdorffMyo: 'hd_frames_myo',
  hausdorffEpi: 'hd_frames_epi',
};
const names = Object.keys(published) as TemporalMeasureName[];

/** The reference replaces a measure that failed by 1, 0, 1, 0, ... */
function isReplacement(values: readonly number[]): boolean {
  return values.every((value, t) => value === (t + 1) % 2);
}

describe('temporal measures and flags equal the reference', () => {
  test('thresholds', () => {
    for (const name of names) expect(temporalThresholds[name]).toBe(golden.thresholds[published[name]]);
  });

  for (const item of golden.cases) {
    test(item.name, () => {
      const [frames, rows, columns] = item.masks.shape;
      const video: LabelVideo = {
        frames,
        rows,
        columns,
        spacingMm: item.spacing,
        frameTimeMs: 30,
        labels: decodeBytes(item.masks),
      };
      const verdict = temporalValidity(video);
      expect(verdict.valid, 'valid').toBe(item.valid);
      // One-frame videos end in an error there.
      if (item.reference_error) return;

      const measures = temporalMeasures(video);
      let hausdorffFailed = false;
      for (const name of names) {
        const key = published[name];
        const values = measures[name];
        const expected: number[] = item.measures[key].map(goldenNumber);
        if (values === undefined) {
          expect(isReplacement(expected), name).toBe(true);
          if (key.startsWith('hd_')) {
            // The reference never flags these (method.md 12).
            hausdorffFailed = true;
            continue;
          }
        } else {
          for (const [t, value] of expected.entries()) expect(values[t], name).toBeCloseTo(value, 9);
          const differences: (number | string)[] | undefined = item.scaled_second_difference[key];
          if (differences !== undefined) {
            const ours = scaledSecondDifference(values);
            for (const [t, value] of differences.map(goldenNumber).entries()) {
              // 0 / 0 there, never flagged.
              expect(ours[t], name).toBeCloseTo(Number.isNaN(value) ? 0 : value, 9);
            }
          }
        }
        expect(temporalFlags(name, values, frames), name).toEqual(item.flags[key]);
      }
      if (!hausdorffFailed) expect(verdict.flaggedFrames.length).toBe(item.frames_flagged);

      const withoutLandmarks = landmarkFreeFlags(landmarkFreeMeasures(video));
      for (const [name, flags] of Object.entries(withoutLandmarks)) {
        expect(flags, name).toEqual(item.flags_without_landmarks[published[name as TemporalMeasureName]]);
      }
    });
  }
});
