import { describe, expect, it } from 'vitest';
import { generatePhantom } from '../../../datasets/phantom/phantom.ts';
import type { LabelVideo } from '../../../imaging/image.ts';
import { diceOf } from '../../../metrics/overlap.ts';
import { registerFrame, type ShapeBox, shapeBoxOf, unregisterFrame } from './registration.ts';
import { measureAttributes, registeredAttributes } from './shape-attributes.ts';

const { labels: phantom } = generatePhantom({ domain: 'source', seed: 3, index: 0 });
const pixels = phantom.rows * phantom.columns;
const box = shapeBoxOf(phantom)!;

function there(video: LabelVideo, frame: number, inside: ShapeBox, size: number): Float32Array {
  const mask = new Float32Array(size * size * 3);
  registerFrame(video, frame, inside, size, mask);
  return mask;
}

describe('registration', () => {
  it('holds the whole epicardium with a margin', () => {
    for (let t = 0; t < phantom.frames; t++) {
      for (let i = 0; i < pixels; i++) {
        if (phantom.labels[t * pixels + i] === 0) continue;
        const [r, c] = [Math.floor(i / phantom.columns), i % phantom.columns];
        if (r < box.top || r > box.top + box.side || c < box.left || c > box.left + box.side) {
          expect.fail(`pixel ${r}, ${c} of frame ${t} lies outside`);
        }
      }
    }
  });

  it('does not follow a single broken frame', () => {
    const labels = phantom.labels.slice();
    labels.fill(1, 0, pixels);
    const broken = shapeBoxOf({ ...phantom, labels })!;
    expect(Math.abs(broken.side - box.side)).toBeLessThan(3);
  });

  it('has no box for an empty video', () => {
    expect(shapeBoxOf({ ...phantom, labels: new Uint8Array(phantom.labels.length) })).toBeUndefined();
  });

  it('comes back to the frame that it started from', () => {
    const size = 64;
    const labels = new Uint8Array(phantom.labels.length);
    for (let t = 0; t < phantom.frames; t++) {
      const mask = there(phantom, t, box, size);
      unregisterFrame(mask, size, box, phantom, labels.subarray(t * pixels, (t + 1) * pixels));
    }
    expect(diceOf({ ...phantom, labels }, phantom).mean).toBeGreaterThan(0.98);
  });

  it('gives shares of labels that sum to 1, also beyond the edge of the frame', () => {
    const mask = there(phantom, 0, { top: -30, left: -30, side: 80 }, 16);
    for (let i = 0; i < mask.length; i += 3) expect(mask[i]! + mask[i + 1]! + mask[i + 2]!).toBeCloseTo(1, 5);
    expect(mask[0]).toBeCloseTo(1, 5);
  });

  it('moves attributes into the mask as measuring the mask would', () => {
    const size = 128;
    const mask = there(phantom, 0, box, size);
    const labels = new Uint8Array(size * size);
    for (let i = 0; i < labels.length; i++) {
      const [none, lv, myo] = [mask[3 * i]!, mask[3 * i + 1]!, mask[3 * i + 2]!];
      labels[i] = lv > none && lv >= myo ? 1 : myo > none ? 2 : 0;
    }
    const inMask = measureAttributes({ ...phantom, frames: 1, rows: size, columns: size, labels }, 0);
    const whole: ShapeBox = { top: 0, left: 0, side: size };
    const expected = registeredAttributes(inMask, whole, size);
    const moved = registeredAttributes(measureAttributes(phantom, 0), box, size);
    for (let a = 0; a < expected.length; a++)
      expect(Math.abs(moved[a]! / expected[a]! - 1)).toBeLessThan(0.05);
  });
});
