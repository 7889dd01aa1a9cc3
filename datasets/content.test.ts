import { describe, expect, test } from 'vitest';
import { randomStream } from '../ground/random.ts';
import { checkContent } from './content.ts';
import { readGreyNifti, writeGreyNifti } from './nifti.ts';
import { generatePhantom } from './phantom/phantom.ts';
import { withoutSurroundings } from './sector.ts';
import type { RecordedVideo } from './video-facts.ts';

const phantom = generatePhantom({ domain: 'source', seed: 2, index: 0 });
const recorded = readGreyNifti(writeGreyNifti(phantom.image), 'phantom');
const pixels = recorded.rows * recorded.columns;
const reasons = (video: RecordedVideo) =>
  checkContent(video).map(({ severity, reason }) => `${severity} ${reason}`);
const withPixels = (change: (value: number, i: number) => number): RecordedVideo => ({
  ...recorded,
  intensities: recorded.intensities.map(change),
});

test('a sound recording has nothing against it', () => {
  expect(checkContent(recorded)).toEqual([]);
});

describe('what can be read and is no recording', () => {
  test('a mask', () => {
    const levels = { ...recorded.facts, distinctLevels: 3, keptLevels: 3 };
    expect(reasons({ ...recorded, facts: levels })).toEqual(['error few-levels']);
  });

  test('levels lost by scaling', () => {
    const levels = { ...recorded.facts, distinctLevels: 5000, keptLevels: 40 };
    expect(reasons({ ...recorded, facts: levels })).toEqual(['error levels-lost']);
  });

  test('slices 2 mm apart read as frames 2 s apart', () => {
    const [found] = checkContent({ ...recorded, frameTimeMs: 2000 });
    expect(found).toMatchObject({ reason: 'frame-time', found: '2000 ms' });
    expect(found!.advice).toContain('axis');
  });

  test('centimetres read as millimetres', () => {
    const [row, column] = recorded.spacingMm;
    expect(reasons({ ...recorded, spacingMm: [row / 10, column / 10] })).toEqual(['error field-of-view']);
  });

  test('one grey level, a frozen picture, unrelated pictures, a single frame', () => {
    expect(reasons(withPixels(() => 0.5))).toEqual(['error one-level']);
    const still = withPixels((_, i) => recorded.intensities[i % pixels]!);
    expect(reasons(still)).toEqual(['error still']);
    const random = randomStream(1, 'noise');
    expect(reasons(withPixels(() => random.uniform()))).toEqual(['error unrelated-frames']);
    const single = { ...recorded, frames: 1, intensities: recorded.intensities.slice(0, pixels) };
    expect(reasons(single)).toEqual(['warning few-frames']);
    expect(checkContent(single)[0]!.advice).toContain('look whether it shows a name');
  });
});

/**
 * Bright bars of 1 x 3 pixels, as the strokes of letters, at a row and column, in all frames, on a black box or on the
 * picture itself.
 */
function written(
  video: RecordedVideo,
  top: number,
  left: number,
  ground: 'box' | 'picture' = 'box',
): RecordedVideo {
  const intensities = video.intensities.map((value, i) => {
    const [row, column] = [Math.floor((i % pixels) / video.columns) - top, (i % video.columns) - left];
    if (row < 0 || row >= 8 || column < 0 || column >= 30) return value;
    const isInk = (row + top) % 2 === 0 && (column + left) % 5 < 3;
    return isInk ? 0.9 : ground === 'box' ? 0 : value;
  });
  return { ...video, intensities };
}

test.each(['box', 'picture'] as const)(
  'writing inside the sector is reported with its place, its ground a %s',
  (ground) => {
    const middle = Math.floor(recorded.rows / 2);
    const [found] = checkContent(written(recorded, middle, 40, ground));
    expect(found).toMatchObject({ severity: 'warning', reason: 'residual-text' });
    expect(found!.found).toContain(`rows ${middle}`);
  },
);

test('writing around the sector is blanked, a picture without any is left alone', () => {
  const clean = withoutSurroundings(recorded).video;
  const { video, blankedPixels } = withoutSurroundings(written(clean, 0, 0));
  expect(blankedPixels).toBeGreaterThan(50);
  expect([...video.intensities.subarray(0, 30)].every((value) => value === 0)).toBe(true);
  const nothing = withoutSurroundings(clean);
  expect(nothing.blankedPixels).toBe(0);
  expect(nothing.video).toBe(clean);
});
