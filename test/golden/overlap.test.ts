import { describe, expect, test } from 'vitest';
import { type LabelVideo, labelFrame } from '../../imaging/image.ts';
import { hausdorffMm, surfaceHausdorff } from '../../metrics/hausdorff.ts';
import { diceOf } from '../../metrics/overlap.ts';
import { frameSurfaces } from '../../metrics/surfaces.ts';
import { decodeBytes, type EncodedArray, loadGolden } from './golden-files.ts';

const golden = loadGolden('overlap');

function videoOf(encoded: EncodedArray, spacingMm: [number, number]): LabelVideo {
  const [frames, rows, columns] = encoded.shape as [number, number, number];
  return { frames, rows, columns, spacingMm, frameTimeMs: 30, labels: decodeBytes(encoded) };
}

function expectClose(actual: number, expected: number): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-9 + 1e-9 * Math.abs(expected));
}

describe('overlap and Hausdorff distance equal medpy', () => {
  for (const item of golden.cases) {
    test(item.name, () => {
      const prediction = videoOf(item.pred, item.spacing);
      const reference = videoOf(item.gt, item.spacing);
      const dice = diceOf(prediction, reference);
      expectClose(dice.lv, item.dice['dice/LV']);
      expectClose(dice.myo, item.dice['dice/MYO']);
      expectClose(dice.mean, item.dice.Dice);
      expectClose(dice.epi, item.dice_epi);

      const distance = hausdorffMm(prediction, reference);
      // The reference raises for an empty truth; here every pair of masks has a distance.
      if (item.hausdorff_mm.error) {
        for (const value of Object.values(distance)) expect(value).toBeGreaterThanOrEqual(0);
        return;
      }
      expectClose(distance.lv, item.hausdorff_mm['hd/LV']);
      expectClose(distance.myo, item.hausdorff_mm['hd/MYO']);
      expectClose((distance.lv + distance.myo) / 2, item.hausdorff_mm.Hausdorff);
      if (!item.hausdorff_epi_mm.error) expectClose(distance.epi, item.hausdorff_epi_mm);

      for (const [t, expected] of item.hausdorff_per_frame_mm.entries()) {
        const ours = frameSurfaces(labelFrame(prediction, t));
        const theirs = frameSurfaces(labelFrame(reference, t));
        const lv = surfaceHausdorff(ours.lv, theirs.lv, prediction.spacingMm);
        const myo = surfaceHausdorff(ours.myo, theirs.myo, prediction.spacingMm);
        if (lv !== undefined && !expected['hd/LV'].error) expectClose(lv, expected['hd/LV']);
        if (myo !== undefined && !expected['hd/MYO'].error) expectClose(myo, expected['hd/MYO']);
      }
    });
  }
});
