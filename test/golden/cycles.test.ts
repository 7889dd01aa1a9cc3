import { describe, expect, test } from 'vitest';
import { estimateCycles } from '../../metrics/cycles.ts';
import { loadGolden } from './golden-files.ts';

const golden = loadGolden('cycles');

describe('cardiac cycles equal the reference', () => {
  for (const item of golden.cases) {
    test(item.name, () => {
      const found = estimateCycles(item.lv_area);
      expect(found.cycles).toBe(item.num_cycles);
      expect(found.peaks).toEqual(item.peaks);
      expect(found.valleys).toEqual(item.valleys);
    });
  }
});
