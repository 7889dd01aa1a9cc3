import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { DomainError } from '../ground/errors.ts';
import { LEFT_VENTRICLE, MYOCARDIUM } from '../ground/labels.ts';
import { encodeContactSheet, spreadFrames } from './contact-sheet.ts';
import { labelColours, overlayPalette, overlayRgb, overlaySize, paintOverlayFrame } from './overlay-frame.ts';
import { encodeOverlayGif } from './overlay-gif.ts';
import { sampleVideo } from './sample-video.ts';
import { encodeUncertaintyGif, paintUncertaintyFrame, uncertaintyPalette } from './uncertainty-gif.ts';

const colourAt = (frame: { width: number; indices: Uint8Array }, y: number, x: number) =>
  overlayPalette[frame.indices[y * frame.width + x]!]!;

/** Number of graphic control extensions, one a frame, with the delay of each in hundredths of a second. */
function gifDelays(gif: Uint8Array): number[] {
  const delays: number[] = [];
  for (let i = 0; i + 7 < gif.length; i++) {
    if (gif[i] === 0x21 && gif[i + 1] === 0xf9 && gif[i + 2] === 4 && gif[i + 7] === 0) {
      delays.push(gif[i + 4]! + 256 * gif[i + 5]!);
    }
  }
  return delays;
}

describe('overlay frames', () => {
  it('leave pixels without a label grey', () => {
    const { image, labels } = sampleVideo(2, 64);
    const [red, green, blue] = colourAt(paintOverlayFrame(image, labels, 0, 64), 2, 2);
    expect(red).toBe(green);
    expect(green).toBe(blue);
  });

  it('outline each label in its own colour', () => {
    const { image, labels } = sampleVideo(1, 64);
    const frame = paintOverlayFrame(image, labels, 0, 64);
    const colours = new Set([...frame.indices].map((index) => overlayPalette[index]!.join()));
    expect(colours).toContain(labelColours[LEFT_VENTRICLE]!.join());
    expect(colours).toContain(labelColours[MYOCARDIUM]!.join());
  });

  it('have a red border where they are flagged, and the same picture inside of it', () => {
    const { image, labels } = sampleVideo(1, 64);
    const plain = paintOverlayFrame(image, labels, 0, 128);
    const flagged = paintOverlayFrame(image, labels, 0, 128, true);
    for (const [y, x] of [
      [0, 0],
      [1, 60],
      [127, 127],
      [60, 1],
    ] as const) {
      const [red, green, blue] = colourAt(flagged, y, x);
      expect(red).toBeGreaterThan(2 * Math.max(green, blue));
    }
    const row = (frame: typeof plain) => frame.indices.subarray(60 * 128 + 2, 61 * 128 - 2);
    expect(row(flagged)).toEqual(row(plain));
    expect(overlayPalette.length).toBeLessThanOrEqual(256);
  });

  it('are red, green and blue bytes on demand', () => {
    const { image, labels } = sampleVideo(1, 16);
    const frame = paintOverlayFrame(image, labels, 0, 16);
    const rgb = overlayRgb(frame);
    expect(rgb).toHaveLength(3 * 16 * 16);
    expect([...rgb.subarray(3 * 40, 3 * 41)]).toEqual([...overlayPalette[frame.indices[40]!]!]);
  });

  it('draw square millimetres when rows and columns have different spacing', () => {
    const { image } = sampleVideo(1, 64, true);
    expect(overlaySize(image, 128)).toEqual({ width: 128, height: 64 });
  });

  it('refuse labels of another grid', () => {
    const { image } = sampleVideo(2, 64);
    const { labels } = sampleVideo(2, 32);
    expect(() => paintOverlayFrame(image, labels, 0, 64)).toThrow(DomainError);
  });
});

describe('overlay GIF', () => {
  it('has one picture a frame at the speed of the heart', () => {
    const { image, labels } = sampleVideo(5, 32);
    const gif = encodeOverlayGif(image, labels, { longestSide: 64 });
    expect(Buffer.from(gif.subarray(0, 6)).toString('latin1')).toBe('GIF89a');
    expect([gif[6], gif[8]]).toEqual([64, 64]);
    expect(gifDelays(gif)).toEqual([4, 4, 4, 4, 4]);
    expect(encodeOverlayGif(image, labels, { longestSide: 64, flagged: [3] })).not.toEqual(gif);
  });

  it('plays a video without frame time at a sane speed', () => {
    const { image } = sampleVideo(2, 32);
    expect(gifDelays(encodeOverlayGif({ ...image, frameTimeMs: 0 }, undefined))).toEqual([2, 2]);
  });
});

describe('uncertainty pictures', () => {
  it('leave what is sure grey, redden what is not, and keep the outlines', () => {
    const { image, labels } = sampleVideo(2, 64);
    const sure = { ...image, intensities: new Float32Array(image.intensities.length).fill(1) };
    sure.intensities[2] = 0;
    const { indices, width } = paintUncertaintyFrame(image, labels, sure, 0, 64);
    const colour = (at: number) => uncertaintyPalette[indices[at]!]!;
    expect(new Set(colour(3)).size).toBe(1);
    expect(colour(2)[0]).toBeGreaterThan(150);
    expect(colour(2)[1]).toBeLessThan(80);
    expect(uncertaintyPalette.length).toBeLessThanOrEqual(256);
    const overlay = paintOverlayFrame(image, labels, 0, 64).indices;
    const outline = overlay.findIndex((index) => index >= overlayPalette.length - 2);
    expect(colour(outline)).toEqual(overlayPalette[overlay[outline]!]);
    expect(width).toBe(64);
    expect(gifDelays(encodeUncertaintyGif(image, labels, sure, { longestSide: 64 }))).toEqual([4, 4]);
  });

  it('refuse a confidence of another grid', () => {
    const { image, labels } = sampleVideo(2, 64);
    expect(() => encodeUncertaintyGif(image, labels, sampleVideo(2, 32).image)).toThrow(DomainError);
  });
});

describe('contact sheets', () => {
  it('spread frames from the first to the last', () => {
    expect(spreadFrames(30, 4)).toEqual([0, 10, 19, 29]);
    expect(spreadFrames(2, 4)).toEqual([0, 1]);
    expect(spreadFrames(1, 4)).toEqual([0]);
  });

  it('put one video a row with transparent gaps', () => {
    const { image, labels } = sampleVideo(8, 32);
    const png = PNG.sync.read(
      Buffer.from(encodeContactSheet([{ image }, { image, labels }], { columns: 3, longestSide: 32 })),
    );
    expect([png.width, png.height]).toEqual([3 * 32 + 2 * 4, 2 * 32 + 4]);
    expect(png.data[32 * 4 + 3]).toBe(0);
    expect(png.data[3]).toBe(255);
  });
});
