import { describe, expect, test } from 'vitest';
import type { LabelFrame } from '../../imaging/image.ts';
import { leftVentricleOrientation, regionAttributes } from '../../metrics/attributes.ts';
import {
  baseWidthMm,
  endocardialContour,
  endocardialLengthMm,
  leftVentricleApex,
  leftVentricleBase,
  ventricleLengthMm,
} from '../../metrics/landmarks.ts';
import { decodeBytes, loadGolden } from './golden-files.ts';

const golden = loadGolden('landmarks');
const RELATIVE = 1e-6;

describe('landmarks of the left ventricle equal those of the reference', () => {
  for (const item of golden.cases) {
    test(item.name, () => {
      const [rows, columns] = item.mask.shape;
      const frame: LabelFrame = { rows, columns, spacingMm: item.spacing, labels: decodeBytes(item.mask) };
      const base = leftVentricleBase(frame);
      const contour = endocardialContour(frame);
      const apex = leftVentricleApex(frame, contour);

      if (item.base_left_right_rowcol.error) {
        expect(base).toBeUndefined();
      } else {
        expect([base!.left, base!.right]).toEqual(item.base_left_right_rowcol);
        expect(baseWidthMm(base!, frame.spacingMm)).toBeCloseTo(item.base_width_mm, 9);
      }
      if (item.apex_rowcol.error) {
        expect(apex).toBeUndefined();
      } else {
        expect(apex![0]).toBeCloseTo(item.apex_rowcol[0], 9);
        expect(apex![1]).toBeCloseTo(item.apex_rowcol[1], 9);
      }
      if (!item.lv_length_mm.error) {
        expect(ventricleLengthMm(base!, apex!, frame.spacingMm)).toBeCloseTo(item.lv_length_mm, 9);
      }
      const contourLength = item.endo_contour_length_mm_first_frame_of_gls;
      if (!contourLength.error) {
        const measured = endocardialLengthMm(contour!, base!, frame.spacingMm);
        expect(Math.abs(measured - contourLength)).toBeLessThanOrEqual(RELATIVE * contourLength);
      }

      const region = regionAttributes(frame);
      const pixelArea = frame.spacingMm[0] * frame.spacingMm[1];
      expect(Math.round(region.lvArea / pixelArea)).toBe(item.lv_area_px);
      expect(region.epiCenterX).toBeCloseTo(item.epi_center_rowcol[0], 9);
      expect(region.epiCenterY).toBeCloseTo(item.epi_center_rowcol[1], 9);
      expect(leftVentricleOrientation(frame)).toBeCloseTo(item.lv_orientation_deg, 7);
    });
  }
});
