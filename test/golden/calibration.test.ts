import { describe, expect, test } from 'vitest';
import {
  adaptiveCalibrationError,
  expectedCalibrationError,
  maximumAdaptiveCalibrationError,
  maximumCalibrationError,
  mutualInformation,
} from '../../metrics/uncertainty.ts';
import { decodeArray, loadGolden } from './golden-files.ts';

const golden = loadGolden('calibration');

describe('calibration errors and mutual information equal the corrected reference', () => {
  for (const item of golden.cases) {
    test(item.name, () => {
      const confidence = decodeArray(item.confidence).data;
      const correct = decodeArray(item.correct).data;
      const bins: number = item.nb_bins;
      expect(expectedCalibrationError(confidence, correct, bins)).toBeCloseTo(item.ece_right_closed_bins, 9);
      expect(adaptiveCalibrationError(confidence, correct, bins)).toBeCloseTo(item.ace_correct, 9);
      // The reference's bins are open at both ends, so its maxima compare only where no confidence lies on an edge.
      if (item.dropped_on_edges === 0) {
        expect(maximumCalibrationError(confidence, correct, bins)).toBeCloseTo(item.mce_reference, 9);
        expect(maximumAdaptiveCalibrationError(confidence, correct, bins)).toBeCloseTo(
          item.amce_reference,
          9,
        );
      }
      const information = mutualInformation(correct, confidence);
      expect(information.nats).toBeCloseTo(item.mutual_information, 9);
      expect(information.normalised).toBeCloseTo(item.mutual_information_normalised, 9);
    });
  }
});
