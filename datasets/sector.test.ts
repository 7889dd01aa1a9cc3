import { expect, test } from 'vitest';
import { randomStream } from '../ground/random.ts';
import { blankOutside, findSector } from './sector.ts';

const rows = 80;
const columns = 100;
const frames = 6;

/**
 * A fan of changing speckle with a still dark middle, still text at the top left, a changing number at the bottom
 * right.
 */
function recording(moving: boolean) {
  const random = randomStream(1, 'sector');
  const intensities = new Float32Array(frames * rows * columns);
  const inFan = (row: number, column: number) => row > 5 && row < 70 && Math.abs(column - 50) < 4 + row * 0.5;
  const isCavity = (row: number, column: number) => (row - 40) ** 2 + (column - 50) ** 2 < 100;
  const level = (t: number, row: number, column: number) => {
    if (row > 74 && column > 90) return t % 2;
    if (row < 6 && column < 20) return column % 3 === 0 ? 0.9 : 0;
    return moving && inFan(row, column) && !isCavity(row, column) ? 0.2 + 0.6 * random.uniform() : 0;
  };
  for (let i = 0; i < intensities.length; i++) {
    const line = Math.floor(i / columns);
    intensities[i] = level(Math.floor(line / rows), line % rows, i % columns);
  }
  return { frames, rows, columns, spacingMm: [1, 1] as const, frameTimeMs: 30, intensities };
}

test('the sector is what changes and is connected, its still cavity included', () => {
  const video = recording(true);
  const sector = findSector(video)!;
  const at = (row: number, column: number) => sector[row * columns + column];
  expect([at(40, 50), at(60, 30), at(20, 55)]).toEqual([1, 1, 1]);
  expect([at(2, 6), at(77, 95), at(30, 5), at(75, 50)]).toEqual([0, 0, 0, 0]);
  const blanked = blankOutside(video, sector);
  for (let t = 0; t < frames; t++) {
    expect(blanked.intensities[(t * rows + 2) * columns + 6]).toBe(0);
    expect(blanked.intensities[(t * rows + 60) * columns + 30]).toBe(
      video.intensities[(t * rows + 60) * columns + 30],
    );
  }
});

test('a blinking sign alone is no sector', () => {
  expect(findSector(recording(false))).toBeUndefined();
});
