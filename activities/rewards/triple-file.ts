/**
 * The triples of one video as one small file: every pixel of a triple is one byte, its label with its correctness, all of it
 * gzipped. The image is left out, being the prepared video itself.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { DomainError } from '../../ground/errors.ts';

const CORRECT_BIT = 4;
const LABEL_BITS = 3;

const HeaderSchema = z.strictObject({
  outcome: z.enum(['kept', 'corrected', 'rejected']),
  /** Mean Dice of the cleaned and the corrected prediction. */
  agreement: z.number(),
  triples: z.int().min(0),
  frames: z.int().min(1),
  rows: z.int().min(1),
  columns: z.int().min(1),
});
export type LabelledVideo = Omit<z.infer<typeof HeaderSchema>, 'triples'>;

/** Arrays of shape [frames, rows, columns]. */
export interface TripleLabels {
  readonly segmentation: Uint8Array;
  /** 1 where the segmentation is right. */
  readonly correct: Uint8Array;
}

export function encodeTriples(video: LabelledVideo, triples: readonly TripleLabels[]): Uint8Array {
  const { outcome, agreement, frames, rows, columns } = video;
  const fields = { outcome, agreement, triples: triples.length, frames, rows, columns };
  const header = new TextEncoder().encode(`${JSON.stringify(fields)}\n`);
  const pixels = frames * rows * columns;
  const bytes = new Uint8Array(header.length + triples.length * pixels);
  bytes.set(header);
  triples.forEach(({ segmentation, correct }, index) => {
    const start = header.length + index * pixels;
    for (let i = 0; i < pixels; i++) bytes[start + i] = segmentation[i]! | (correct[i]! ? CORRECT_BIT : 0);
  });
  const packed = gzipSync(bytes, { level: 4 });
  // The operating system's code in the gzip header would make the bytes differ between machines.
  packed[9] = 255;
  return packed;
}

/** @throws DomainError CheckpointIncompatible when the file is not what `encodeTriples` makes. */
export function decodeTriples(file: Uint8Array): LabelledVideo & { triples: TripleLabels[] } {
  const bytes = gunzipSync(file);
  const headerEnd = bytes.indexOf(10) + 1;
  const header = HeaderSchema.safeParse(JSON.parse(bytes.subarray(0, headerEnd).toString('utf8')));
  if (!header.success) {
    throw new DomainError(
      'CheckpointIncompatible',
      'A triple file has another form than this version reads. Start a new run.',
    );
  }
  const { triples, ...grid } = header.data;
  const pixels = grid.frames * grid.rows * grid.columns;
  return {
    ...grid,
    triples: Array.from({ length: triples }, (_, index) => {
      const packed = bytes.subarray(headerEnd + index * pixels, headerEnd + (index + 1) * pixels);
      const segmentation = new Uint8Array(pixels);
      const correct = new Uint8Array(pixels);
      for (let i = 0; i < pixels; i++) {
        segmentation[i] = packed[i]! & LABEL_BITS;
        correct[i] = packed[i]! & CORRECT_BIT ? 1 : 0;
      }
      return { segmentation, correct };
    }),
  };
}
