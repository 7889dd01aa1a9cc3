/**
 * The triples of one video as runs that were begun earlier have them, in one file: a line of JSON, then triple after
 * triple, all of it gzipped. They are read once and stored anew in chunks (triple-artefacts.ts).
 */
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { DomainError } from '../../ground/errors.ts';
import type { ChunkedContent } from '../../storage/chunked-artefact.ts';
import { encodeLevelTriples, encodeTriples } from './triple-chunks.ts';
import { levels, rightOrWrong } from './triple-pixels.ts';

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

/** @throws DomainError CheckpointIncompatible when the file is not one of triples. */
export function readOlderTriples(file: Uint8Array): ChunkedContent {
  if (file[0] === '{'.charCodeAt(0)) return readApart(file);
  const bytes = unzipped(file);
  const { end, value } = headerOf(bytes);
  const header = HeaderSchema.safeParse(value);
  if (!header.success) throw otherForm();
  const { frames, rows, columns, triples } = header.data;
  const { bytesPerPixel, unpack } = 'outcome' in header.data ? rightOrWrong : levels;
  const size = frames * rows * columns * bytesPerPixel;
  if (bytes.length !== end + triples * size) throw otherForm();
  const read = Array.from({ length: triples }, (_, i) =>
    unpack(bytes.subarray(end + i * size, end + (i + 1) * size)),
  );
  return 'outcome' in header.data ? encodeTriples(header.data, read) : encodeLevelTriples(header.data, read);
}

function readApart(file: Uint8Array): ChunkedContent {
  const { end, value } = headerOf(file);
  const header = ApartHeaderSchema.safeParse(value);
  if (!header.success) throw otherForm();
  let start = end;
  const read = header.data.packed.map((length) => {
    const part = unzipped(file.subarray(start, start + length));
    start += length;
    return levels.unpack(part);
  });
  return encodeLevelTriples(header.data, read);
}

function unzipped(file: Uint8Array): Uint8Array {
  try {
    return gunzipSync(file);
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

function otherForm(cause?: unknown): DomainError {
  return new DomainError(
    'CheckpointIncompatible',
    'A triple file has another form than this version reads. Start a new run.',
    {},
    { cause },
  );
}
