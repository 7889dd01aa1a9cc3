/**
 * The triples of one video in chunks, for either reward: a chunk is a few frames of one triple, deflated, so that a
 * window of a triple costs a window. The image is left out, being the prepared video itself.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { z } from 'zod';
import { DomainError } from '../../ground/errors.ts';
import type { ChunkedArtefact, ChunkedContent } from '../../storage/chunked-artefact.ts';
import type { ChunkRange, ChunksAtHand } from '../../storage/chunks-at-hand.ts';
import { levels, rightOrWrong, type TripleLabels, type TriplePixels } from './triple-pixels.ts';

/** Two windows of four; deflated, a chunk of 512 x 448 pixels is some 25 kB. */
const FRAMES_OF_CHUNK = 8;

const common = {
  triples: z.int().min(0),
  frames: z.int().min(1),
  rows: z.int().min(1),
  columns: z.int().min(1),
  framesOfChunk: z.int().min(1),
};
const HeaderSchema = z.union([
  z.strictObject({
    correctness: z.literal('right-or-wrong'),
    outcome: z.enum(['kept', 'corrected', 'rejected']),
    /** Mean Dice of the cleaned and the corrected prediction. */
    agreement: z.number(),
    ...common,
  }),
  z.strictObject({ correctness: z.literal('level'), ...common }),
]);
type Header = z.infer<typeof HeaderSchema>;

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

/** The triples of reward labelling, each right or wrong at every pixel. */
export function encodeTriples(
  { outcome, agreement, frames, rows, columns }: TripleGrid & Labelling,
  triples: readonly TripleLabels[],
): ChunkedContent {
  const header = { correctness: 'right-or-wrong', outcome, agreement, ...sizeOf(triples) } as const;
  return encoded({ ...header, frames, rows, columns }, triples);
}

/** The landmark triples of a video. */
export function encodeLevelTriples(
  { frames, rows, columns }: TripleGrid,
  triples: readonly TripleLabels[],
): ChunkedContent {
  return encoded({ correctness: 'level', ...sizeOf(triples), frames, rows, columns }, triples);
}

/** Stored triples of one video; their labels are read as they are asked for. */
export class TripleChunks {
  readonly #artefact: ChunkedArtefact;
  readonly #header: Header;

  /** @throws DomainError CheckpointIncompatible when the artefact is not one of triples. */
  constructor(artefact: ChunkedArtefact) {
    const header = HeaderSchema.safeParse(artefact.header);
    if (!header.success || artefact.count !== header.data.triples * chunksOf(header.data)) {
      throw otherForm(artefact.reference.key);
    }
    this.#artefact = artefact;
    this.#header = header.data;
  }

  get reference(): ChunkedArtefact['reference'] {
    return this.#artefact.reference;
  }

  get count(): number {
    return this.#header.triples;
  }

  get grid(): TripleGrid {
    return this.#header;
  }

  /**
   * What reward labelling made of the video.
   * @throws DomainError CheckpointIncompatible when these are no triples of reward labelling.
   */
  get labelling(): Labelling {
    if (this.#header.correctness === 'level') throw otherForm(this.reference.key);
    return this.#header;
  }

  /** Where consecutive frames of a triple are. */
  range(triple: number, startFrame: number, frames: number): ChunkRange {
    const { framesOfChunk } = this.#header;
    const first = Math.floor(startFrame / framesOfChunk);
    const last = Math.floor((startFrame + frames - 1) / framesOfChunk);
    return {
      artefact: this.#artefact,
      first: triple * chunksOf(this.#header) + first,
      count: last - first + 1,
    };
  }

  /** Consecutive frames of a triple that were fetched. */
  take(hand: ChunksAtHand, triple: number, startFrame: number, frames: number): TripleLabels {
    const { correctness, framesOfChunk, rows, columns } = this.#header;
    const pixels = rows * columns;
    const segmentation = new Uint8Array(frames * pixels);
    const Correctness = correctness === 'level' ? Float32Array : Uint8Array;
    const correct = new Correctness(frames * pixels);
    const { first, count } = this.range(triple, startFrame, frames);
    for (let chunk = first; chunk < first + count; chunk++) {
      const chunkStart = (chunk % chunksOf(this.#header)) * framesOfChunk;
      const from = Math.max(startFrame, chunkStart);
      const to = Math.min(startFrame + frames, chunkStart + framesOfChunk);
      const unpacked = this.#unpack(hand.take(this.#artefact, chunk), chunkStart);
      const [start, end] = [(from - chunkStart) * pixels, (to - chunkStart) * pixels];
      segmentation.set(unpacked.segmentation.subarray(start, end), (from - startFrame) * pixels);
      correct.set(unpacked.correct.subarray(start, end), (from - startFrame) * pixels);
    }
    return { segmentation, correct };
  }

  #unpack(chunk: Uint8Array, chunkStart: number): TripleLabels {
    const { frames, rows, columns, framesOfChunk } = this.#header;
    const { bytesPerPixel, unpack } = pixelsOf(this.#header);
    const bytes = Math.min(framesOfChunk, frames - chunkStart) * rows * columns * bytesPerPixel;
    const unpacked = inflated(chunk, bytes);
    if (unpacked?.length !== bytes) throw otherForm(this.reference.key);
    return unpack(unpacked);
  }
}

function pixelsOf({ correctness }: Header): TriplePixels {
  return correctness === 'level' ? levels : rightOrWrong;
}

function sizeOf(triples: readonly TripleLabels[]) {
  return { triples: triples.length, framesOfChunk: FRAMES_OF_CHUNK };
}

/** Of one triple. */
function chunksOf({ frames, framesOfChunk }: Header): number {
  return Math.ceil(frames / framesOfChunk);
}

function encoded(header: Header, triples: readonly TripleLabels[]): ChunkedContent {
  const pixels = header.rows * header.columns * header.framesOfChunk;
  const { pack } = pixelsOf(header);
  const chunks = triples.flatMap(({ segmentation, correct }) =>
    Array.from({ length: chunksOf(header) }, (_, chunk) => {
      const [from, to] = [chunk * pixels, (chunk + 1) * pixels];
      const part = { segmentation: segmentation.subarray(from, to), correct: correct.subarray(from, to) };
      return deflateRawSync(pack(part), { level: 4 });
    }),
  );
  return { header, chunks };
}

/** Undefined when these are no deflated bytes, or more than they should be. */
function inflated(chunk: Uint8Array, bytes: number): Uint8Array | undefined {
  try {
    return inflateRawSync(chunk, { maxOutputLength: Math.max(bytes, 1) });
  } catch {
    return undefined;
  }
}

function otherForm(key: string): DomainError {
  return new DomainError(
    'CheckpointIncompatible',
    `${key} has another form of triples than this version reads. Start a new run.`,
    { key },
  );
}
