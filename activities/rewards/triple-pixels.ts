/**
 * The labels of triples as bytes. Where a pixel is right or wrong it takes one byte, its label with its correctness;
 * where correctness has levels (method.md 5.2), the bytes of all labels come first, then those of all levels.
 */

const CORRECT_BIT = 4;
const LABEL_BITS = 3;
/** Correctness 1 as a byte. */
const RIGHT = 255;

/** Arrays of shape [frames, rows, columns]; correctness is 1 where the segmentation is right, 0 where it is wrong. */
export interface TripleLabels {
  readonly segmentation: Uint8Array;
  /** Floats where it may be anything in [0, 1], of which 256 levels are kept. */
  readonly correct: Uint8Array | Float32Array;
}

export interface TriplePixels {
  readonly bytesPerPixel: number;
  pack(labels: TripleLabels): Uint8Array;
  /** At every step of a fit: `from` with a function takes ten times as long as `map`. */
  unpack(bytes: Uint8Array): TripleLabels;
}

/** Right or wrong. */
export const rightOrWrong: TriplePixels = {
  bytesPerPixel: 1,
  pack: ({ segmentation, correct }) =>
    segmentation.map((label, i) => label | (correct[i]! ? CORRECT_BIT : 0)),
  unpack: (bytes) => ({
    segmentation: new Uint8Array(bytes).map((byte) => byte & LABEL_BITS),
    correct: new Uint8Array(bytes).map((byte) => (byte & CORRECT_BIT ? 1 : 0)),
  }),
};

export const levels: TriplePixels = {
  bytesPerPixel: 2,
  pack({ segmentation, correct }) {
    const bytes = new Uint8Array(2 * segmentation.length);
    bytes.set(segmentation);
    for (let i = 0; i < correct.length; i++)
      bytes[segmentation.length + i] = Math.round(RIGHT * Math.min(Math.max(correct[i]!, 0), 1));
    return bytes;
  },
  unpack(bytes) {
    const pixels = bytes.length / 2;
    return {
      segmentation: new Uint8Array(bytes.subarray(0, pixels)),
      correct: new Float32Array(bytes.subarray(pixels)).map((level) => level / RIGHT),
    };
  },
};
