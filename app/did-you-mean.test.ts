import { describe, expect, it } from 'vitest';
import { didYouMean, nearest } from './did-you-mean.ts';

describe('did you mean', () => {
  it('finds the name with one letter too many, too few, wrong or swapped', () => {
    const known = ['tiny', 'small', 'paper'];
    for (const word of ['tinny', 'tin', 'tinx', 'tniy', 'TINY']) expect(nearest(word, known)).toBe('tiny');
  });

  it('stays silent when nothing is near', () => {
    expect(didYouMean('gigantic', ['tiny', 'small', 'paper'])).toBe('');
    expect(didYouMean('x', [])).toBe('');
  });
});
