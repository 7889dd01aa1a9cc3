/**
 * Videos and their labels as the networks see them (method.md 2), stored in chunks, one a frame: prepared once for all
 * who need them, then read at random. They can be made again at any time, so a damaged one is, and they may be deleted.
 */
import pLimit from 'p-limit';
import { z } from 'zod';
import type { PreprocessingConfig } from '../../contracts/run-config.ts';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import { DomainError, type ErrorCode } from '../../ground/errors.ts';
import { type GreyVideo, geometryOf, type LabelVideo, type VideoGeometry } from '../../imaging/image.ts';
import { labelsToLearnFrom } from '../../method/windows/labels-to-learn-from.ts';
import { findArtefact, sha256Of } from '../../storage/artefacts.ts';
import {
  ChunkedArtefact,
  deleteChunkedArtefact,
  writeChunkedArtefact,
} from '../../storage/chunked-artefact.ts';
import type { ChunkRange, ChunksAtHand } from '../../storage/chunks-at-hand.ts';
import { datasetKeys } from '../../storage/keys.ts';
import type { ActivityContext } from '../context.ts';
import { labelsReference, prepareLabels, prepareVideo, videoReference } from './prepared-video.ts';

/** To be raised when the same file and configuration give other numbers: what was stored before is then left alone. */
const PREPARATION = { video: 1, labels: 2 } as const;

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
type Header = z.infer<typeof HeaderSchema>;

/** What is prepared, before it is cut into chunks. */
interface Made {
  readonly header: Header;
  /** All frames, of as many bytes each. */
  readonly bytes: Uint8Array;
}

/** How frames come about. */
interface Preparation {
  readonly key: string;
  readonly original: ArtefactRef;
  make(): Promise<Made>;
}

/** Wrong with what is stored, and mended by making it again. */
const DAMAGE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ChecksumMismatch',
  'ArtefactMissing',
  'CheckpointIncompatible',
]);

/** A video takes several times its size while it is prepared. */
const oneAtATime = pLimit(1);

/** Grey levels as float32, [rows, columns] a chunk. */
export async function preparedVideo(
  context: ActivityContext,
  dataset: string,
  id: string,
  config: PreprocessingConfig,
): Promise<PreparedFrames> {
  return (await openOrMake(context, await preparationOfVideo(context, dataset, id, config))).frames;
}

/** Labels as training windows hold them, UNKNOWN where nobody drew, a byte a pixel. */
export async function preparedLabels(
  context: ActivityContext,
  dataset: string,
  id: string,
  config: PreprocessingConfig,
): Promise<PreparedFrames> {
  const original = await labelsReference(context, dataset, id);
  const make = async (): Promise<Made> => {
    const labels = await prepareLabels(context, dataset, id, config);
    const { annotatedFrames } = labels;
    return {
      header: headerOf(labels, annotatedFrames && { annotatedFrames: [...annotatedFrames] }),
      bytes: labelsToLearnFrom(labels),
    };
  };
  const video = await videoReference(context, dataset, id);
  const digest = digestOf([PREPARATION.labels, original.sha256, video.sha256, config]);
  const key = datasetKeys.prepared(dataset, id, digest, 'labels');
  return (await openOrMake(context, { key, original, make })).frames;
}

/** Labels that a stage stored on the grid of the networks, as the file `original`, in chunks beside it. */
export async function storedLabels(
  context: ActivityContext,
  original: ArtefactRef,
  read: () => Promise<LabelVideo>,
): Promise<PreparedFrames> {
  const make = async (): Promise<Made> => {
    const labels = await read();
    return { header: headerOf(labels), bytes: labels.labels };
  };
  return (await openOrMake(context, { key: `${original.key}.frames`, original, make })).frames;
}

/** The whole of a prepared video, and the file that it is from. */
export async function wholePreparedVideo(
  context: ActivityContext,
  dataset: string,
  id: string,
  config: PreprocessingConfig,
): Promise<{ readonly reference: ArtefactRef; readonly video: GreyVideo }> {
  const preparation = await preparationOfVideo(context, dataset, id, config);
  const { frames, made } = await openOrMake(context, preparation);
  const bytes = made?.bytes ?? (await frames.readAll());
  return { reference: preparation.original, video: { ...frames.geometry, intensities: floatsOf(bytes) } };
}

/** Prepared frames in the store. */
export class PreparedFrames {
  readonly #context: ActivityContext;
  readonly #preparation: Preparation;
  readonly #header: Header;
  #artefact: ChunkedArtefact;
  #madeAgain = false;

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

  async readAll(): Promise<Uint8Array<ArrayBuffer>> {
    try {
      return joined(await this.#artefact.read(0, this.#artefact.count));
    } catch (error) {
      await this.makeAgain(error);
      return joined(await this.#artefact.read(0, this.#artefact.count));
    }
  }

  /** Whether the error says that these frames are damaged in the store. */
  areDamaged(error: unknown): boolean {
    return isDamage(error, this.#preparation.key);
  }

  /** Makes damaged frames again, once. @throws the error when it is no such damage, or they were made again before. */
  async makeAgain(error: unknown): Promise<void> {
    if (!this.areDamaged(error) || this.#madeAgain) throw error;
    this.#madeAgain = true;
    await removeDamaged(this.#context, this.#preparation, error as DomainError);
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
export async function fetchFrames(
  hand: ChunksAtHand,
  wanted: readonly FrameRange[],
  others: readonly ChunkRange[] = [],
): Promise<void> {
  for (;;) {
    try {
      const ranges = wanted.map(({ from, startFrame, frames }) => from.range(startFrame, frames));
      return await hand.fetch([...ranges, ...others]);
    } catch (error) {
      const damaged = wanted.find(({ from }) => from.areDamaged(error));
      if (!damaged) throw error;
      await damaged.from.makeAgain(error);
    }
  }
}

/** Float32 values of bytes that `take` or `readAll` gave, without a copy. */
export function floatsOf(bytes: Uint8Array): Float32Array {
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / Float32Array.BYTES_PER_ELEMENT);
}

async function preparationOfVideo(
  context: ActivityContext,
  dataset: string,
  id: string,
  config: PreprocessingConfig,
): Promise<Preparation> {
  const original = await videoReference(context, dataset, id);
  return {
    key: datasetKeys.prepared(dataset, id, digestOf([PREPARATION.video, original.sha256, config]), 'video'),
    original,
    async make() {
      const { video } = await prepareVideo(context, dataset, id, config);
      const { buffer, byteOffset, byteLength } = video.intensities;
      return { header: headerOf(video), bytes: new Uint8Array(buffer, byteOffset, byteLength) };
    },
  };
}

/** The frames that are stored, or those that are made now; `made` then holds them all. */
async function openOrMake(
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
    if (!isDamage(error, key)) throw error;
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
    const origin = {
      inputs: [original],
      codeVersion: context.codeVersion,
      mediaType: 'application/octet-stream',
    };
    const reference = await writeChunkedArtefact(context.store, key, { header: made.header, chunks }, origin);
    return { artefact: await ChunkedArtefact.open(context.store, reference, context.cache), made };
  });
}

async function removeDamaged(
  { store, log }: ActivityContext,
  { key }: Preparation,
  { code, message }: DomainError,
): Promise<void> {
  log.warn({ key, code, reason: message }, 'prepared frames damaged: they are made again');
  await deleteChunkedArtefact(store, key);
}

function isDamage(error: unknown, key: string): error is DomainError {
  return error instanceof DomainError && DAMAGE.has(error.code) && error.details.key === key;
}

function digestOf(preparedBy: readonly [number, ...(string | PreprocessingConfig)[]]): string {
  return sha256Of(new TextEncoder().encode(JSON.stringify(preparedBy)));
}

function headerOf(video: VideoGeometry, more: Omit<Header, 'geometry'> | undefined = {}): Header {
  const { spacingMm, ...size } = geometryOf(video);
  return { geometry: { ...size, spacingMm: [...spacingMm] }, ...more };
}

function joined(frames: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const size = frames[0]?.length ?? 0;
  const whole = new Uint8Array(size * frames.length);
  for (const [i, frame] of frames.entries()) whole.set(frame, i * size);
  return whole;
}
