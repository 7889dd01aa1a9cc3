/**
 * The landmark examples of one annotated video as one file: a line of JSON, then each example gzipped by itself, so that a fit unpacks
 * only the one it asks for. An example is a byte of label and a byte of correctness per pixel.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { DomainError } from '../../ground/errors.ts';

/** Correctness 1 as a byte. */
const RIGHT = 255;

const HeaderSchema = z.strictObject({
  frames: z.int().min(1),
  rows: z.int().min(1),
  columns: z.int().min(1),
  /** Bytes of each packed example. */
  packed: z.array(z.int().min(1)),
});

export interface LandmarkGrid {
  readonly frames: number;
  readonly rows: number;
  readonly columns: number;
}

/** Arrays of shape [frames, rows, columns]. */
export interface LandmarkLabels {
  readonly segmentation: Uint8Array;
  /** In [0, 1]; a file keeps 256 levels of it. */
  readonly correct: Float32Array;
}

/** A file that is read, its examples still packed. */
export interface LandmarkFile extends LandmarkGrid {
  readonly count: number;
  example(index: number): LandmarkLabels;
}

export function encodeLandmarks(grid: LandmarkGrid, examples: readonly LandmarkLabels[]): Uint8Array {
  const packed = examples.map(pack);
  const { frames, rows, columns } = grid;
  const header = { frames, rows, columns, packed: packed.map(({ length }) => length) };
  return Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), ...packed]);
}

/** @throws DomainError CheckpointIncompatible when the file is not what `encodeLandmarks` makes. */
export function decodeLandmarks(file: Uint8Array): LandmarkFile {
  const headerEnd = file.indexOf(10) + 1;
  const text = new TextDecoder().decode(file.subarray(0, headerEnd));
  const header = HeaderSchema.safeParse(text.startsWith('{') ? JSON.parse(text) : undefined);
  if (!header.success) {
    throw new DomainError(
      'CheckpointIncompatible',
      'A file of landmark examples has another form than this version reads. Start a new run.',
    );
  }
  const { packed, ...grid } = header.data;
  return {
    ...grid,
    count: packed.length,
    example(index) {
      const start = packed.slice(0, index).reduce((sum, length) => sum + length, headerEnd);
      return unpack(gunzipSync(file.subarray(start, start + packed[index]!)));
    },
  };
}

function pack({ segmentation, correct }: LandmarkLabels): Uint8Array {
  const bytes = new Uint8Array(2 * segmentation.length);
  bytes.set(segmentation);
  for (let i = 0; i < correct.length; i++)
    bytes[segmentation.length + i] = Math.round(RIGHT * Math.min(Math.max(correct[i]!, 0), 1));
  const packed = gzipSync(bytes, { level: 4 });
  // The operating system's code in the gzip header would make the bytes differ between machines.
  packed[9] = 255;
  return packed;
}

function unpack(bytes: Uint8Array): LandmarkLabels {
  const pixels = bytes.length / 2;
  return {
    segmentation: Uint8Array.from(bytes.subarray(0, pixels)),
    correct: Float32Array.from(bytes.subarray(pixels), (level) => level / RIGHT),
  };
}
