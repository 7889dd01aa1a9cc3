import { describe, expect, it } from 'vitest';
import { gaussianFilter2d } from '../../imaging/gaussian.ts';
import type { LabelVideo } from '../../imaging/image.ts';
import { labelFrame } from '../../imaging/image.ts';
import { leftVentricleBase } from '../../metrics/landmarks.ts';
import { landmarkLabel } from './landmark-label.ts';

const rows = 64;
const columns = 48;
const pixels = rows * columns;

/**
 * A ventricle of 16 columns open at the bottom, in walls of 4 columns; its left wall and cavity end `higher` rows above
 * the right.
 */
function frameOf(higher = 0, shift = 0): Uint8Array {
  return Uint8Array.from({ length: pixels }, (_, i) => {
    const [r, c] = [Math.floor(i / columns), (i % columns) - shift];
    const bottom = c < 24 ? 48 - higher : 48;
    if (r < 12 || r >= bottom || c < 12 || c >= 36) return 0;
    return r >= 16 && c >= 16 && c < 32 ? 1 : 2;
  });
}

function videoOf(frames: readonly Uint8Array[], spacing = 0.37): LabelVideo {
  const labels = new Uint8Array(frames.length * pixels);
  for (const [t, frame] of frames.entries()) labels.set(frame, t * pixels);
  return { frames: frames.length, rows, columns, spacingMm: [spacing, spacing], frameTimeMs: 40, labels };
}

/** Lowest label of each frame. */
function lowest(label: Float32Array): number[] {
  return Array.from({ length: label.length / pixels }, (_, t) =>
    label.subarray(t * pixels, (t + 1) * pixels).reduce((least, value) => Math.min(least, value), 1),
  );
}

describe('the label of the landmark reward', () => {
  it('is 1 everywhere where no corner is more than the allowed distance from the true one', () => {
    // 10 pixels of 0.37 mm are 3.7 mm, 11 are 4.07.
    const label = landmarkLabel(
      videoOf([frameOf(), frameOf(10), frameOf(11)]),
      videoOf(Array(3).fill(frameOf())),
      4,
    )!;
    expect(lowest(label)).toEqual([1, 1, 0]);
    expect(lowest(landmarkLabel(videoOf([frameOf(11)]), videoOf([frameOf()]), 5)!)).toEqual([1]);
  });

  it('falls to 0 on the way between predicted and true corner, as wide as the way is long, on that side alone', () => {
    const [prediction, truth] = [videoOf([frameOf(16)]), videoOf([frameOf()])];
    const from = leftVentricleBase(labelFrame(prediction, 0))!.left;
    const to = leftVentricleBase(labelFrame(truth, 0))!.left;
    expect([from, to]).toEqual([
      [31, 16],
      [47, 16],
    ]);
    const label = landmarkLabel(prediction, truth, 4)!;
    // The published recipe on the whole frame: the segment drawn, blurred by 200 times its length over the height,
    // scaled.
    const drawn = new Float64Array(pixels);
    for (let r = from[0]; r <= to[0]; r++) drawn[r * columns + from[1]] = 1;
    const blurred = gaussianFilter2d(drawn, rows, columns, (200 * 16) / rows);
    const [least, most] = [Math.min(...blurred), Math.max(...blurred)];
    const differences = label.map((value, i) => Math.abs(value - 1 + (blurred[i]! - least) / (most - least)));
    expect(Math.max(...differences)).toBeLessThan(1e-5);
  });

  it('is the same map of millimetres on a coarser grid', () => {
    const away = (spacing: number) => {
      const label = landmarkLabel(videoOf([frameOf(16)], spacing), videoOf([frameOf()], spacing), 1)!;
      // Share of the frame that is at most half right.
      return label.filter((value) => value < 0.5).length / pixels;
    };
    // Pixels twice as large hold the same blur in half as many.
    expect(away(2.96)).toBeLessThan(0.75 * away(1.48));
  });

  it('takes the worse of both sides', () => {
    const label = landmarkLabel(videoOf([frameOf(0, 12)]), videoOf([frameOf()]), 4)!;
    const base = leftVentricleBase(labelFrame(videoOf([frameOf()]), 0))!;
    for (const [row, column] of [base.left, base.right]) {
      expect(label[row * columns + column + 6]!).toBeLessThan(0.2);
    }
  });

  it('counts a frame without corners as wrong all along the true base, whatever specks it has', () => {
    const blob = frameOf().map((value) => (value === 1 ? 2 : value));
    const label = landmarkLabel(
      videoOf([blob, new Uint8Array(pixels)]),
      videoOf(Array(2).fill(frameOf())),
      4,
    )!;
    expect(lowest(label)).toEqual([0, 0]);
    expect(label.subarray(0, pixels)).toEqual(label.subarray(pixels));
  });

  it('looks for the corners of the prediction in its largest blob', () => {
    const speck = frameOf();
    for (const [r, c, value] of [
      [60, 2, 1],
      [60, 3, 2],
      [61, 44, 1],
      [61, 43, 2],
    ] as const) {
      speck[r * columns + c] = value;
    }
    expect(lowest(landmarkLabel(videoOf([speck]), videoOf([frameOf()]), 4)!)).toEqual([1]);
  });

  it('is unknown where the truth has a frame without corners', () => {
    expect(
      landmarkLabel(videoOf([frameOf(), frameOf()]), videoOf([frameOf(), new Uint8Array(pixels)]), 4),
    ).toBeUndefined();
  });

  it('refuses videos of two grids', () => {
    expect(() => landmarkLabel(videoOf([frameOf()]), videoOf([frameOf(), frameOf()]), 4)).toThrow(
      expect.objectContaining({ code: 'GeometryMismatch' }),
    );
  });
});
