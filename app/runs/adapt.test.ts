import { describe, expect, it } from 'vitest';
import { newRunId } from './adapt.ts';

describe('run ids', () => {
  it('sort by time and are legal names', () => {
    expect(newRunId('target', new Date('2026-01-31T23:59:58Z'))).toBe('target-20260131-235958');
  });
});
