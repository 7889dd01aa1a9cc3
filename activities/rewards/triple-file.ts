/**
 * The triples of one video as one file, for either reward: a line of JSON, then triple after triple, all of it gzipped.
 * The image is left out, being the prepared video itself. Where a pixel is right or wrong it takes one byte, its label
 * with its correctness; where correctness has levels (method.md 5.2), a triple is a byte of label per pixel, then a
 * byte of level.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { DomainError } from '../../ground/errors.ts';

const CORRECT_BIT = 4;
const LABEL_BITS = 3;
/** Correctness 1 as a byte. */
const RIGHT = 255;

const grid = { frames: z.int().min(1), rows: z.int().min(1), columns: z.int().min(1) };
const labelling = {
  outcome: z.enum(['kept', 'corrected', 'rejected']),
  /** Mean Dice of the cleaned and the corrected prediction. */
  agreement: z.number(),
};
const HeaderSchema = z.union([
  z.strictObject({ ...labelling, triples: z.int().min(0), ...grid }),
  z.strictObject({ correctness: z.literal('level'), triples: z.int().min(0), ...grid }),
]);
/**
 * Files of landmark triples once were this line, then each triple gzipped by itself; runs that were begun then have
 * them.
 */
const ApartHeaderSchema = z.strictObject({
  ...grid,
  /** Bytes of each packed triple. */
  packed: z.array(z.int().min(1)),
});

export interface TripleGrid {
  readonly frames: number;
  readonly rows: number;
  readonly columns: number;
}

/** What reward labelling says of a video (method.md 4.3). */
export interface Labelling {
  readonly outcome: 'kept' | 'corrected' | 'rejected';
  readonly agreement: number;
}

/** Arrays of shape [frames, rows, columns]; correctness is 1 where the segmentation is right, 0 where it is wrong. */
export interface TripleLabels {
  readonly segmentation: Uint8Array;
  readonly correct: Uint8Array | Float32Array;
}

/** The same, with correctness anywhere in [0, 1]; a file keeps 256 levels of it. */
export interface LevelLabels extends TripleLabels {
  readonly correct: Float32Array;
}

/** A file that is read; of a triple the frames are unpacked that are asked for. */
export interface TripleFile extends TripleGrid {
  readonly count: number;
  readonly labelling: Labelling | undefined;
  /** What the file takes in memory. */
  readonly bytes: number;
  window(index: number, startFrame: number, frames: number): TripleLabels;
}

/** The triples of reward labelling, each right or wrong at every pixel. */
export function encodeTriples(
  { outcome, agreement, frames, rows, columns }: TripleGrid & Labelling,
  triples: readonly (TripleLabels & { readonly correct: Uint8Array })[],
): Uint8Array {
  const header = { outcome, agreement, triples: triples.length, frames, rows, columns };
  return packed(header, triples.map(packedBits));
}

/** The landmark triples of a video. */
export function encodeLevelTriples(
  { frames, rows, columns }: TripleGrid,
  triples: readonly LevelLabels[],
): Uint8Array {
  const header = { correctness: 'level', triples: triples.length, frames, rows, columns };
  return packed(header, triples.map(packedLevels));
}

/** @throws DomainError CheckpointIncompatible when the file is not one of triples. */
export function decodeTriples(file: Uint8Array): TripleFile {
  if (file[0] === '{'.charCodeAt(0)) return decodeApart(file);
  const bytes = unzipped(file);
  const { end, value } = headerOf(bytes);
  const header = HeaderSchema.safeParse(value);
  if (!header.success) throw otherForm();
  const { frames, rows, columns, triples } = header.data;
  const levels = 'correctness' in header.data;
  const size = frames * rows * columns * (levels ? 2 : 1);
  if (bytes.length !== end + triples * size) throw otherForm();
  return {
    frames,
    rows,
    columns,
    count: triples,
    labelling: 'outcome' in header.data ? header.data : undefined,
    bytes: bytes.length,
    window(index, startFrame, count) {
      const part = bytes.subarray(end + index * size, end + (index + 1) * size);
      const range = pixelsOf(header.data, startFrame, count);
      return levels ? unpackedLevels(part, range) : unpackedBits(part, range);
    },
  };
}

/**
 * What reward labelling made of a video, and how many triples.
 * @throws DomainError CheckpointIncompatible when the file is not one of reward labelling.
 */
export function decodeLabelling(file: Uint8Array): Labelling & { readonly triples: number } {
  const { labelling, count } = decodeTriples(file);
  if (!labelling) throw otherForm();
  return { outcome: labelling.outcome, agreement: labelling.agreement, triples: count };
}

function decodeApart(file: Uint8Array): TripleFile {
  const { end, value } = headerOf(file);
  const header = ApartHeaderSchema.safeParse(value);
  if (!header.success) throw otherForm();
  const { packed, ...size } = header.data;
  return {
    ...size,
    count: packed.length,
    labelling: undefined,
    bytes: file.length,
    window(index, startFrame, frames) {
      const start = packed.slice(0, index).reduce((sum, length) => sum + length, end);
      const triple = unzipped(file.subarray(start, start + packed[index]!));
      return unpackedLevels(triple, pixelsOf(size, startFrame, frames));
    },
  };
}

/** The first pixel of consecutive frames, and that after the last. */
type PixelRange = readonly [number, number];

function pixelsOf({ rows, columns }: TripleGrid, startFrame: number, frames: number): PixelRange {
  return [startFrame * rows * columns, (startFrame + frames) * rows * columns];
}

function unzipped(file: Uint8Array): Uint8Array {
  try {
    // As plain bytes: Node's Buffer makes Buffers of what is cut out of it or mapped.
    const { buffer, byteOffset, length } = gunzipSync(file);
    return new Uint8Array(buffer, byteOffset, length);
  } catch (error) {
    throw otherForm(error);
  }
}

function headerOf(bytes: Uint8Array): { end: number; value: unknown } {
  const end = bytes.indexOf(10) + 1;
  try {
    return { end, value: JSON.parse(Buffer.from(bytes.subarray(0, end)).toString('utf8')) };
  } catch (error) {
    throw otherForm(error);
  }
}

function packed(header: object, triples: readonly Uint8Array[]): Uint8Array {
  const file = gzipSync(Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), ...triples]), {
    level: 4,
  });
  // The operating system's code in the gzip header would make the bytes differ between machines.
  file[9] = 255;
  return file;
}

function packedBits({ segmentation, correct }: TripleLabels): Uint8Array {
  return segmentation.map((label, i) => label | (correct[i]! ? CORRECT_BIT : 0));
}

function unpackedBits(triple: Uint8Array, range: PixelRange): TripleLabels {
  const bytes = triple.subarray(...range);
  return {
    segmentation: bytes.map((byte) => byte & LABEL_BITS),
    correct: bytes.map((byte) => (byte & CORRECT_BIT ? 1 : 0)),
  };
}

function packedLevels({ segmentation, correct }: LevelLabels): Uint8Array {
  const bytes = new Uint8Array(2 * segmentation.length);
  bytes.set(segmentation);
  for (let i = 0; i < correct.length; i++)
    bytes[segmentation.length + i] = Math.round(RIGHT * Math.min(Math.max(correct[i]!, 0), 1));
  return bytes;
}

function unpackedLevels(triple: Uint8Array, range: PixelRange): LevelLabels {
  const pixels = triple.length / 2;
  return {
    segmentation: triple.subarray(0, pixels).slice(...range),
    correct: new Float32Array(triple.subarray(pixels).subarray(...range)).map((level) => level / RIGHT),
  };
}

function otherForm(cause?: unknown): DomainError {
  return new DomainError(
    'CheckpointIncompatible',
    'A triple file has another form than this version reads. Start a new run.',
    {},
    { cause },
  );
}
