import { afterEach, expect, it } from 'vitest';
import type { GreyVideo } from '../../imaging/image.ts';
import { VideoShelf, windowsFrom } from './video-shelf.ts';

const geometry = { frames: 3, rows: 2, columns: 2, spacingMm: [1, 1], frameTimeMs: 50 } as const;

function grey(first: number): GreyVideo {
  return { ...geometry, intensities: Float32Array.from({ length: 12 }, (_, i) => first + i / 16) };
}

let shelf: VideoShelf;
afterEach(() => shelf.dispose());

it.each([
  ['in memory', 1e6],
  ['on disk', 0],
])('hands out windows of videos that it keeps %s', (_, memoryBytes) => {
  shelf = new VideoShelf(memoryBytes);
  shelf.put('a', grey(0));
  shelf.put('b', grey(10));
  const windows = windowsFrom(shelf, ['b', 'a']);
  expect(windows.count).toBe(2);
  expect([windows.frames(0), windows.rows(0), windows.columns(0)]).toEqual([3, 2, 2]);
  expect([...windows.window(0, 1, 2)]).toEqual([...grey(10).intensities.slice(4)]);
});

it('says which video is not there', () => {
  shelf = new VideoShelf();
  expect(() => shelf.window('c', 0, 1)).toThrow('c is not on the shelf');
});
