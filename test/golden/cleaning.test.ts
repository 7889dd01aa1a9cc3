import { describe, expect, test } from 'vitest';
import { cleanFrame, keepLargestForeground } from '../../imaging/morphology.ts';
import { decodeBytes, loadGolden } from './golden-files.ts';

const golden = loadGolden('cleaning');

describe('cleaning equals the reference', () => {
  for (const item of golden.cases) {
    test(item.name, () => {
      const [rows, columns] = item.mask.shape;
      const mask = decodeBytes(item.mask);
      if (!item.after_fill_inter.error) {
        expect(cleanFrame(mask, rows, columns)).toEqual(decodeBytes(item.after_fill_inter));
      }
      if (!item.largest_foreground_blob.error) {
        expect(keepLargestForeground(mask, rows, columns)).toEqual(decodeBytes(item.largest_foreground_blob));
      }
    });
  }
});
