/**
 * Frames of a video in the store, in chunks, one a frame. They can be made again at any time, so a damaged one is, and
 * they may be deleted.
 */
import pLimit from 'p-limit';
import { z } from 'zod';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import { DomainError } from '../../ground/errors.ts';
import type { VideoGeometry } from '../../imaging/image.ts';
import { findArtefact } from '../../storage/artefacts.ts';
import {
  ChunkedArtefact,
  deleteChunkedArtefact,
  writeChunkedArtefact,
} from '../../storage/chunked-artefact.ts';
import type { ChunkRange, ChunksAtHand } from '../../storage/chunks-at-hand.ts';
import { isDamage } from '../artefacts/damage.ts';
import { type ActivityContext, originOf } from '../context.ts';

const HeaderSchema = z.strictObject({
  geometry: z.strictObject({
    frames: z.int().min(1),
    rows: z.int().min(1),
    columns: z.int().min(1),
    spacingMm: z.tuple([z.number(), z.number()]),
    frameTimeMs: z.number(),
  }),
  /** Of labels: the frames that say anything, where that is not all. */
  annotatedFrames: z.array(z.int().min(0)).exactOptional(),
});
export type Header = z.infer<typeof HeaderSchema>;

/** What is prepared, before it is cut into chunks. */
export interface Made {
  readonly header: Header;
  /** All frames, of as many bytes each. */
  readonly bytes: Uint8Array;
}

/** How frames come about. */
export interface Preparation {
  readonly key: string;
  readonly original: ArtefactRef;
  make(): Promise<Made>;
}

/** A video takes several times its size while it is prepared. */
const oneAtATime = pLimit(1);

/** Prepared frames in the store. */
export class PreparedFrames {
  readonly #context: ActivityContext;
  readonly #preparation: Preparation;
  readonly #header: Header;
  #artefact: ChunkedArtefact;

  constructor(
    context: ActivityContext,
    preparation: Preparation,
    opened: { readonly artefact: ChunkedArtefact; readonly header: Header },
  ) {
    this.#context = context;
    this.#preparation = preparation;
    this.#header = opened.header;
    this.#artefact = opened.artefact;
  }

  get geometry(): VideoGeometry {
    return this.#header.geometry;
  }

  /** Frames whose labels say anything, rising; all of them when undefined. */
  get annotatedFrames(): readonly number[] | undefined {
    return this.#header.annotatedFrames;
  }

  /** Where consecutive frames are. */
  range(startFrame: number, frames: number): ChunkRange {
    return { artefact: this.#artefact, first: startFrame, count: frames };
  }

  /** Consecutive frames that were fetched, as one array of bytes. */
  take(hand: ChunksAtHand, startFrame: number, frames: number): Uint8Array<ArrayBuffer> {
    return joined(Array.from({ length: frames }, (_, i) => hand.take(this.#artefact, startFrame + i)));
  }

  readAll(): Promise<Uint8Array<ArrayBuffer>> {
    return readMending([this], async () => joined(await this.#artefact.read(0, this.#artefact.count)));
  }

  /** Whether the error says that these frames are damaged in the store. */
  areDamaged(error: unknown): error is DomainError {
    return isDamageOf(this.#preparation.key, error);
  }

  /** Makes damaged frames again. */
  async makeAgain(damage: DomainError): Promise<void> {
    await removeDamaged(this.#context, this.#preparation, damage);
    this.#artefact = (await make(this.#context, this.#preparation)).artefact;
  }
}

/** Consecutive frames of one video or its labels. */
export interface FrameRange {
  readonly from: PreparedFrames;
  readonly startFrame: number;
  readonly frames: number;
}

/**
 * Brings frames to hand, with chunks of other artefacts; damaged frames are made again.
 * @throws DomainError StorageUnavailable, or what is wrong with the other chunks
 */
export function fetchFrames(
  hand: ChunksAtHand,
  wanted: readonly FrameRange[],
  others: readonly ChunkRange[] = [],
): Promise<void> {
  return readMending(
    wanted.map(({ from }) => from),
    () => {
      const ranges = wanted.map(({ from, startFrame, frames }) => from.range(startFrame, frames));
      return hand.fetch([...ranges, ...others]);
    },
  );
}

/**
 * Reads, and makes damaged frames again on the way, those of each video once: a training may meet that more often, as
 * when somebody clears them every night, but what is gone as soon as it is made is for a later attempt.
 */
async function readMending<Result>(
  frames: readonly PreparedFrames[],
  read: () => Promise<Result>,
): Promise<Result> {
  const made = new Set<PreparedFrames>();
  for (;;) {
    try {
      return await read();
    } catch (error) {
      const damaged = frames.find((one) => one.areDamaged(error));
      if (!damaged) throw error;
      if (made.has(damaged)) throw goneAgain(error as DomainError);
      made.add(damaged);
      await damaged.makeAgain(error as DomainError);
    }
  }
}

/** Float32 values of bytes that `take` or `readAll` gave, without a copy. */
export function floatsOf(bytes: Uint8Array): Float32Array {
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / Float32Array.BYTES_PER_ELEMENT);
}

/** The frames that are stored, or those that are made now; `made` then holds them all. */
export async function openOrMake(
  context: ActivityContext,
  preparation: Preparation,
): Promise<{ frames: PreparedFrames; made?: Made }> {
  const opened = await openIfThere(context, preparation);
  if (opened) return { frames: new PreparedFrames(context, preparation, opened) };
  const { artefact, made } = await make(context, preparation);
  return { frames: new PreparedFrames(context, preparation, { artefact, header: made.header }), made };
}

/** Undefined when there is nothing, or nothing that can be used, which is then removed. */
async function openIfThere(context: ActivityContext, preparation: Preparation) {
  const { key } = preparation;
  try {
    const reference = await findArtefact(context.store, key);
    if (!reference) return undefined;
    const artefact = await ChunkedArtefact.open(context.store, reference, context.cache);
    const header = HeaderSchema.safeParse(artefact.header);
    if (header.success && artefact.count === header.data.geometry.frames) {
      return { artefact, header: header.data };
    }
    throw new DomainError('CheckpointIncompatible', `${key} has another form.`, { key });
  } catch (error) {
    if (!isDamageOf(key, error)) throw error;
    await removeDamaged(context, preparation, error);
    return undefined;
  }
}

function make(
  context: ActivityContext,
  { key, original, make }: Preparation,
): Promise<{ artefact: ChunkedArtefact; made: Made }> {
  return oneAtATime(async () => {
    context.signal.throwIfAborted();
    const made = await make();
    const { frames } = made.header.geometry;
    const size = made.bytes.length / frames;
    const chunks = Array.from({ length: frames }, (_, i) => made.bytes.subarray(i * size, (i + 1) * size));
    const origin = originOf(context, [original], 'application/octet-stream');
    const reference = await writeChunkedArtefact(context.store, key, { header: made.header, chunks }, origin);
    return { artefact: await opened(context, reference), made };
  });
}

/** What was made a moment ago. */
async function opened(context: ActivityContext, reference: ArtefactRef): Promise<ChunkedArtefact> {
  try {
    return await ChunkedArtefact.open(context.store, reference, context.cache);
  } catch (error) {
    throw isDamageOf(reference.key, error) ? goneAgain(error) : error;
  }
}

/** Never final: prepared frames may be removed at any time. */
function goneAgain(damage: DomainError): DomainError {
  return new DomainError(
    'StorageUnavailable',
    `Prepared frames were gone or damaged again as soon as they had been made. ${damage.message}`,
    damage.details,
    { cause: damage },
  );
}

async function removeDamaged(
  { store, log }: ActivityContext,
  { key }: Preparation,
  { code, message }: DomainError,
): Promise<void> {
  log.warn({ key, code, reason: message }, 'prepared frames damaged: they are made again');
  await deleteChunkedArtefact(store, key);
}

function isDamageOf(key: string, error: unknown): error is DomainError {
  return isDamage(error) && error.details.key === key;
}

function joined(frames: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const size = frames[0]?.length ?? 0;
  const whole = new Uint8Array(size * frames.length);
  for (const [i, frame] of frames.entries()) whole.set(frame, i * size);
  return whole;
}
