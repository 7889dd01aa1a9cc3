/**
 * The stored triples of a run, of either kind, as a reward fit reads them: a window of labels and image at a time, from
 * memory, from the cache of the machine or from the store.
 */
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import { DomainError } from '../../ground/errors.ts';
import type { StoredTriple, TriplePlace, TripleSource } from '../../method/windows/triple-windows.ts';
import { ChunksAtHand } from '../../storage/chunks-at-hand.ts';
import { inParallel } from '../../storage/in-parallel.ts';
import { runKeys } from '../../storage/keys.ts';
import { memoryBudgets } from '../../temporal.config.ts';
import type { RunFacts } from '../artefacts/run-facts.ts';
import { activityKeys } from '../artefacts/run-keys.ts';
import { type ActivityContext, tellPreparing } from '../context.ts';
import { fetchFrames, floatsOf, type PreparedFrames } from '../videos/mended-frames.ts';
import { preparedVideo } from '../videos/prepared-frames.ts';
import { type Tried, tryVideo } from '../videos/quarantine.ts';
import { findTriples } from './triple-artefacts.ts';
import type { TripleChunks } from './triple-chunks.ts';

/** What one video gave in one sweep. */
export interface TriplesOfVideo {
  /** The video. */
  readonly id: string;
  readonly triples: TripleChunks;
  /** Nothing where there is no triple. */
  readonly image: PreparedFrames | undefined;
}

export interface TriplesOfRun extends RunFacts {
  readonly run: string;
  /** Triples of this iteration and all before it are read. */
  readonly throughIteration: number;
}

/**
 * The anatomical triples of a run; videos whose triples are damaged are set aside.
 * @throws DomainError CheckpointIncompatible
 */
export async function triplesOfRun(
  { run, throughIteration, config, plan }: TriplesOfRun,
  context: ActivityContext,
): Promise<StoredTriples> {
  const sweeps = plan.sweeps.slice(0, throughIteration);
  const swept = sweeps.flatMap((shards, index) => shards.flat().map((id) => ({ id, iteration: index + 1 })));
  const image = (id: string) => preparedVideo(context, config.target, id, config.preprocessing);
  // In the order of the plan, so that indices mean the same triples at every attempt.
  const found = await inParallel(
    swept,
    ({ id, iteration }) =>
      tryVideo(context, run, id, async () => {
        const keys = activityKeys.triples(run, iteration, id);
        const triples = await findTriples(context, keys);
        if (!triples) await refuseLost(context, run, id, keys.key);
        return triples && { id, triples, image: triples.count > 0 ? await image(id) : undefined };
      }),
    { signal: context.signal, onProgress: (done, total) => tellPreparing(context, done, total) },
  );
  return new StoredTriples(
    found.flatMap((tried) => ('value' in tried && tried.value) || []),
    plan.studies,
    (id, work) => tryVideo(context, run, id, work),
  );
}

/**
 * A video that was set aside before it was labelled has no triples; any other had some.
 * @throws DomainError ArtefactMissing
 */
async function refuseLost({ store }: ActivityContext, run: string, id: string, key: string): Promise<void> {
  if (await store.head(runKeys.quarantine(run, id))) return;
  throw new DomainError(
    'ArtefactMissing',
    `The reward-labelling triples ${key} are gone: they were deleted from outside. Restore them, or let the run learn without this video.`,
    { key },
  );
}

/** Works on a video, and sets it aside when that fails because of it. */
type TryVideo = (id: string, work: () => Promise<void>) => Promise<Tried<void>>;

/** Where a triple is: the triples of a video, and the number among them. */
interface Place {
  readonly id: string;
  readonly triples: TripleChunks;
  readonly image: PreparedFrames;
  readonly triple: number;
}

export class StoredTriples implements TripleSource {
  readonly #studies: Readonly<Record<string, string>>;
  readonly #places: readonly Place[];
  readonly #tryVideo: TryVideo;
  /** Videos whose triples were found to be damaged in the middle of a fit. */
  readonly #setAside = new Set<string>();
  readonly #hand: ChunksAtHand;
  /** The artefacts that triples are from. */
  readonly references: readonly ArtefactRef[];

  /**
   * @param studies by video
   * @param tryVideo what the chunks of a video are read in
   */
  constructor(
    videos: readonly TriplesOfVideo[],
    studies: Readonly<Record<string, string>>,
    tryVideo: TryVideo,
    memoryBytes: number = memoryBudgets.windowBytes,
  ) {
    this.#studies = studies;
    this.#tryVideo = tryVideo;
    this.#hand = new ChunksAtHand(memoryBytes);
    this.#places = videos.flatMap(({ id, triples, image }) =>
      image ? Array.from({ length: triples.count }, (_, triple) => ({ id, triples, image, triple })) : [],
    );
    this.references = videos.flatMap(({ triples, image }) => (image ? [triples.reference] : []));
  }

  get count(): number {
    return this.#places.length;
  }

  studyOf(index: number): string {
    const { id } = this.#places[index]!;
    return this.#studies[id] ?? id;
  }

  framesOf(index: number): number {
    return this.#places[index]!.triples.grid.frames;
  }

  isSetAside(index: number): boolean {
    return this.#setAside.has(this.#places[index]!.id);
  }

  /** Sets the video aside, with all of its triples, where those asked for are damaged. */
  async fetch({ triple: index, startFrame }: TriplePlace, windowFrames: number): Promise<boolean> {
    const { id, triples, image, triple } = this.#places[index]!;
    const frames = Math.min(windowFrames, this.framesOf(index));
    const labels = triples.range(triple, startFrame, frames);
    const tried = await this.#tryVideo(id, () =>
      fetchFrames(this.#hand, [{ from: image, startFrame, frames }], [labels]),
    );
    if ('value' in tried) return true;
    this.#setAside.add(id);
    return false;
  }

  load(index: number, startFrame: number, frames: number): StoredTriple {
    const { triples, image, triple } = this.#places[index]!;
    const { rows, columns } = triples.grid;
    return {
      image: floatsOf(image.take(this.#hand, startFrame, frames)),
      ...triples.take(this.#hand, triple, startFrame, frames),
      frames,
      rows,
      columns,
    };
  }
}
