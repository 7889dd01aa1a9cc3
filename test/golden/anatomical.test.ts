import { describe, expect, test } from 'vitest';
import { componentRuns, valueTable } from '../../imaging/components.ts';
import type { LabelFrame } from '../../imaging/image.ts';
import { anatomicalCriteria, isFrameAnatomicallyValid } from '../../metrics/anatomy.ts';
import { decodeBytes, goldenNumber, loadGolden } from './golden-files.ts';

const golden = loadGolden('anatomical');

/** The reference takes the component at pixel (0, 0) for the outside; method.md 12 takes all that reaches the edge. */
function outsideIsOneComponent(frame: LabelFrame): boolean {
  const { labels, rows, columns } = frame;
  if (labels[0] !== 0) return false;
  return [valueTable(0), valueTable(0, 1), valueTable(0, 2)].every((members) => {
    const found = componentRuns(labels, rows, columns, 4, members);
    return found.touchesBorder.reduce((sum, flag) => sum + flag, 0) === 1;
  });
}

describe('anatomical criteria equal the reference', () => {
  for (const item of golden.cases) {
    test(item.name, () => {
      const [rows, columns] = item.mask.shape;
      const frame: LabelFrame = { rows, columns, spacingMm: [1, 1], labels: decodeBytes(item.mask) };
      const measured = anatomicalCriteria(frame);
      const comparable = outsideIsOneComponent(frame);
      const expected: Record<string, number> = {
        lv_pixels: measured.lvPresent ? 0 : 1,
        holes_in_lv: measured.holesInLv,
        disconnectivity_in_lv: measured.disconnectedLv,
        disconnectivity_in_myo: measured.disconnectedMyo,
        erosion_ratio_before_myo_split: measured.myoThickness,
        holes_in_epi: measured.holesInEpicardium,
        width_ratio_between_lv_and_myo: measured.lvToMyoWidthRatio,
        frontier_ratio_between_lv_and_bg_no_atr: measured.lvBackgroundFrontier,
        ...(comparable && { holes_between_lv_and_myo: measured.gapBetweenLvAndMyo }),
      };
      for (const [name, value] of Object.entries(expected)) {
        // Where the reference raised or never ended, the measure is NaN.
        const published = item.criteria[name].error ? Number.NaN : goldenNumber(item.criteria[name].value);
        if (Number.isNaN(published)) expect(value, name).toBeNaN();
        else expect(value, name).toBeCloseTo(published, 9);
      }
      const validButForTheGap = Object.entries(item.criteria).every(
        // biome-ignore lint/suspicious/noExplicitAny: a field of the golden document
        ([name, criterion]: [string, any]) => name === 'holes_between_lv_and_myo' || criterion.valid === true,
      );
      if (comparable || !validButForTheGap) expect(isFrameAnatomicallyValid(frame)).toBe(item.valid);
    });
  }
});
