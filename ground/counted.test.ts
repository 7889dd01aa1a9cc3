import { expect, it } from 'vitest';
import { counted } from './counted.ts';

it.each([
  [0, 'video', undefined, '0 videos'],
  [1, 'video', undefined, '1 video'],
  [2, 'video', undefined, '2 videos'],
  [1, 'study', 'studies', '1 study'],
  [3, 'study', 'studies', '3 studies'],
] as const)('%i and %s are in words %3$s', (count, noun, plural, words) => {
  expect(counted(count, noun, plural)).toBe(words);
});
