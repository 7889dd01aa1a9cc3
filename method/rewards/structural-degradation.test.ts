import { describe, expect, it } from 'vitest';
import { generatePhantom } from '../../datasets/phantom/phantom.ts';
import { randomStream } from '../../ground/random.ts';
import { type LabelVideo, labelFrame } from '../../imaging/image.ts';
import { resampleLabelsTo } from '../../imaging/resample.ts';
import { isFrameAnatomicallyValid } from '../../metrics/anatomy.ts';
import { baseCorners, distanceMm } from '../../metrics/landmarks.ts';
import { degradeStructure } from './structural-degradation.ts';

const truth = resampleLabelsTo(generatePhantom({ domain: 'target', seed: 1, index: 3 }).labels, {
  rows: 104,
  columns: 96,
  spacingMm: [1.3, 1.3],
});
const pixels = truth.rows * truth.columns;

function wrongPixels(degraded: LabelVideo): number[] {
  return Array.from({ length: truth.frames }, (_, t) => {
    const [made, was] = [labelFrame(degraded, t).labels, labelFrame(truth, t).labels];
    return made.filter((label, i) => label !== was[i]).length;
  });
}

function sameLabels(one: LabelVideo, other: LabelVideo): boolean {
  return Buffer.from(one.labels).equals(other.labels);
}

const made = Array.from({ length: 40 }, (_, index) =>
  degradeStructure(truth, randomStream(index, 'mistake')),
);

describe('mistakes of structure', () => {
  it('last a while and leave the frames before and after as they were', () => {
    for (const degraded of made) {
      const wrong = wrongPixels(degraded).map((count) => count > 0);
      const [first, last] = [wrong.indexOf(true), wrong.lastIndexOf(true)];
      expect(first).toBeGreaterThanOrEqual(0);
      expect(last - first).toBeLessThan(0.61 * truth.frames);
      expect(wrong.slice(first, last + 1).filter(Boolean).length).toBeGreaterThan(0.7 * (last - first));
    }
  });

  it('are in one place: most of the heart stays right', () => {
    const heart = truth.labels.filter((label) => label !== 0).length / truth.frames;
    for (const degraded of made) expect(Math.max(...wrongPixels(degraded))).toBeLessThan(0.5 * heart);
  });

  it('open walls, move bases and swap whole hearts', () => {
    const kinds = made.map((degraded) => {
      const wrong = wrongPixels(degraded);
      const t = wrong.indexOf(Math.max(...wrong));
      const frame = labelFrame(degraded, t);
      if (!isFrameAnatomicallyValid(frame)) return 'opened or tilted';
      const [was, is] = [baseCorners(truth)[t]!, baseCorners(degraded)[t]!];
      const moved = Math.max(
        distanceMm(was.left, is.left, truth.spacingMm),
        distanceMm(was.right, is.right, truth.spacingMm),
      );
      return moved > 4 ? 'moved' : 'swapped';
    });
    expect(new Set(kinds).size).toBe(3);
  });

  it('are the same for the same stream', () => {
    expect(sameLabels(degradeStructure(truth, randomStream(7, 'mistake')), made[7]!)).toBe(true);
  });

  it('leave a video without a heart alone', () => {
    const nothing = { ...truth, labels: new Uint8Array(truth.labels.length) };
    for (let index = 0; index < 12; index++)
      expect(sameLabels(degradeStructure(nothing, randomStream(index, 'mistake')), nothing)).toBe(true);
  });

  it('take a video of one frame', () => {
    const frame = { ...truth, frames: 1, labels: truth.labels.slice(0, pixels) };
    for (let index = 0; index < 12; index++)
      expect(degradeStructure(frame, randomStream(index, 'mistake')).labels).toHaveLength(pixels);
  });
});
