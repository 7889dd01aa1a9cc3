/** Samples of an uncompressed frame. */
import type { FrameSamples, SampleArray } from './frame-samples.ts';
import type { PixelLayout } from './pixel-layout.ts';

/**
 * Pixel data with every two bytes in the other order, as big endian files have numbers of 16 bits, and bytes in words
 * (VR OW).
 */
export function withSwappedBytes(bytes: Uint8Array): Uint8Array {
  const result = bytes.slice();
  for (let i = 0; i + 1 < bytes.length; i += 2) {
    result[i] = bytes[i + 1]!;
    result[i + 1] = bytes[i]!;
  }
  return result;
}

/** Two pixels share their colour in YBR_FULL_422: Y1 Y2 Cb Cr. Only Y is grey. */
function lumaOf422(bytes: Uint8Array, pixels: number): Uint8Array {
  const luma = new Uint8Array(pixels);
  for (let i = 0; i < pixels; i++) luma[i] = bytes[(i >> 1) * 4 + (i & 1)]!;
  return luma;
}

/** `bytes` are those of one frame, little endian, as many as `plainFrameBytes` says. */
export function readPlainFrame(bytes: Uint8Array, layout: PixelLayout): FrameSamples {
  const { rows, columns, samples, bitsAllocated, photometric, isPlanar } = layout;
  if (photometric === 'YBR_FULL_422') {
    return { values: lumaOf422(bytes, rows * columns), samples: 1, isPlanar: false, isRgb: false };
  }
  let values: SampleArray = bytes;
  if (bitsAllocated === 16) {
    // A copy, because numbers of two bytes need an even address.
    const aligned = bytes.slice();
    values = new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.length / 2);
  }
  return { values, samples, isPlanar, isRgb: photometric === 'RGB' };
}
