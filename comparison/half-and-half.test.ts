import { expect, it } from 'vitest';
import { randomStream } from '../ground/random.ts';
import type { GreyVideo, LabelVideo } from '../imaging/image.ts';
import { drawLabelledWindow, labelledWindowsOf, windowLabels } from '../method/windows/training-windows.ts';
import { halfAndHalf } from './half-and-half.ts';

/** A video whose label is its number. */
function video(label: number): { image: GreyVideo; labels: LabelVideo } {
  const geometry = { frames: 3, rows: 1, columns: 1, spacingMm: [1, 1] as const, frameTimeMs: 40 };
  return {
    image: { ...geometry, intensities: new Float32Array(3).fill(label) },
    labels: { ...geometry, labels: new Uint8Array(3).fill(label) },
  };
}

it('draws as often from one as from the other, and each of their videos alike', () => {
  const mixed = halfAndHalf(
    labelledWindowsOf([0, 1].map(video)),
    labelledWindowsOf([2, 3, 4, 5, 6].map(video)),
  );
  const counts = new Array<number>(7).fill(0);
  for (let i = 0; i < mixed.count; i++) {
    counts[mixed.window(i, 0, 1)[0]!]!++;
    expect(mixed.labels(i, 0, 1)[0]).toBe(mixed.window(i, 0, 1)[0]);
  }
  expect(counts).toEqual([5, 5, 2, 2, 2, 2, 2]);
  const random = randomStream(1, 'test');
  const drawn = Array.from(
    { length: 2000 },
    () => windowLabels(mixed, drawLabelledWindow(mixed, 2, random), 2)[0]!,
  );
  expect(drawn.filter((label) => label < 2).length / drawn.length).toBeCloseTo(0.5, 1);
});

it('is the other alone where one has no video', () => {
  const other = labelledWindowsOf([video(1)]);
  expect(halfAndHalf(labelledWindowsOf([]), other)).toBe(other);
  expect(halfAndHalf(other, labelledWindowsOf([]))).toBe(other);
});
