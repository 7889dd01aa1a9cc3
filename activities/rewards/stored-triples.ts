/** The triples of a run as a reward fit reads them: label maps packed in memory, images from the shelf. */
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import type { StoredTriple, TripleSource } from '../../method/windows/triple-windows.ts';
import { findArtefact } from '../../storage/artefacts.ts';
import { memoryBudgets } from '../../temporal.config.ts';
import type { RunFacts } from '../artefacts/run-facts.ts';
import { activityKeys } from '../artefacts/run-keys.ts';
import { type ActivityContext, breatheWhilePreparing } from '../context.ts';
import { prepareVideo } from '../videos/prepared-video.ts';
import { VideoShelf } from '../videos/video-shelf.ts';
import { decodeTriples, type LabelledVideo, type TripleLabels } from './triple-file.ts';

interface LabelledFile {
  readonly id: string;
  readonly bytes: Uint8Array;
}

export interface TriplesOfRun extends RunFacts {
  readonly run: string;
  /** Triples of this iteration and all before it are read. */
  readonly throughIteration: number;
}

export class StoredTriples implements TripleSource {
  readonly #shelf: VideoShelf;
  readonly #studies: Readonly<Record<string, string>>;
  /** Where triple `index` is: a file and the place in it. */
  readonly #places: readonly { readonly file: LabelledFile; readonly place: number }[];
  readonly references: readonly ArtefactRef[];
  /** The least recently used first. */
  readonly #decoded = new Map<LabelledFile, LabelledVideo & { triples: TripleLabels[] }>();
  #decodedBytes = 0;

  private constructor(
    shelf: VideoShelf,
    studies: Readonly<Record<string, string>>,
    places: readonly { readonly file: LabelledFile; readonly place: number }[],
    references: readonly ArtefactRef[],
  ) {
    this.#shelf = shelf;
    this.#studies = studies;
    this.#places = places;
    this.references = references;
  }

  /** Reads the label maps and prepares the images; the caller disposes the result. */
  static async load(
    { run, throughIteration, config, plan }: TriplesOfRun,
    context: ActivityContext,
  ): Promise<StoredTriples> {
    const shelf = new VideoShelf();
    const prepared = new Set<string>();
    const places: { file: LabelledFile; place: number }[] = [];
    const references: ArtefactRef[] = [];
    const sweeps = plan.sweeps.slice(0, throughIteration).map((shards) => shards.flat());
    const total = sweeps.reduce((sum, videos) => sum + videos.length, 0);
    let done = 0;
    // In the order of the plan, so that indices mean the same triples at every attempt.
    for (const [index, videos] of sweeps.entries()) {
      for (const id of videos) {
        await breatheWhilePreparing(context, done++, total);
        const reference = await findArtefact(context.store, activityKeys.triples(run, index + 1, id));
        if (!reference) continue;
        const bytes = await context.cache.read(reference);
        const { triples } = decodeTriples(bytes);
        if (triples.length === 0) continue;
        if (!prepared.has(id)) {
          shelf.put(id, (await prepareVideo(context, config.target, id, config.preprocessing)).video);
          prepared.add(id);
        }
        references.push(reference);
        const file = { id, bytes };
        for (let place = 0; place < triples.length; place++) places.push({ file, place });
      }
    }
    return new StoredTriples(shelf, plan.studies, places, references);
  }

  get count(): number {
    return this.#places.length;
  }

  studyOf(index: number): string {
    const { id } = this.#places[index]!.file;
    return this.#studies[id] ?? id;
  }

  load(index: number): StoredTriple {
    const { file, place } = this.#places[index]!;
    const { triples, frames, rows, columns } = this.#decode(file);
    return { image: this.#shelf.window(file.id, 0, frames), ...triples[place]!, frames, rows, columns };
  }

  #decode(file: LabelledFile): LabelledVideo & { triples: TripleLabels[] } {
    const present = this.#decoded.get(file);
    const decoded = present ?? decodeTriples(file.bytes);
    this.#decoded.delete(file);
    this.#decoded.set(file, decoded);
    if (!present) this.#decodedBytes += sizeOf(decoded);
    for (const [oldest, labels] of this.#decoded) {
      if (this.#decodedBytes <= memoryBudgets.decodedTriplesBytes || oldest === file) break;
      this.#decoded.delete(oldest);
      this.#decodedBytes -= sizeOf(labels);
    }
    return decoded;
  }

  dispose(): void {
    this.#shelf.dispose();
  }
}

/** Two bytes a pixel: label and correctness. */
function sizeOf({ triples, frames, rows, columns }: LabelledVideo & { triples: TripleLabels[] }): number {
  return 2 * triples.length * frames * rows * columns;
}
