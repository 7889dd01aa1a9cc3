/**
 * The stored triples of a run, of either kind, as a reward fit reads them: label maps in memory, images from the shelf.
 */
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import type { GreyVideo } from '../../imaging/image.ts';
import type { StoredTriple, TripleSource } from '../../method/windows/triple-windows.ts';
import { findArtefact } from '../../storage/artefacts.ts';
import { memoryBudgets } from '../../temporal.config.ts';
import type { RunFacts } from '../artefacts/run-facts.ts';
import { activityKeys } from '../artefacts/run-keys.ts';
import { type ActivityContext, breatheWhilePreparing } from '../context.ts';
import { prepareVideo } from '../videos/prepared-video.ts';
import { VideoShelf } from '../videos/video-shelf.ts';
import { decodeTriples, type TripleFile } from './triple-file.ts';

interface PackedFile {
  /** The video. */
  readonly id: string;
  readonly bytes: Uint8Array;
}

export interface TriplesOfRun extends RunFacts {
  readonly run: string;
  /** Triples of this iteration and all before it are read. */
  readonly throughIteration: number;
}

export class StoredTriples implements TripleSource {
  readonly #shelf = new VideoShelf();
  readonly #shelved = new Set<string>();
  readonly #studies: Readonly<Record<string, string>>;
  /** Where triple `index` is: a file and the place in it. */
  readonly #places: { readonly file: PackedFile; readonly place: number }[] = [];
  readonly #references: ArtefactRef[] = [];
  /** The least recently used first. */
  readonly #unpacked = new Map<PackedFile, TripleFile>();
  #unpackedBytes = 0;

  /** Without triples yet; `studies` by video. The caller disposes it. */
  constructor(studies: Readonly<Record<string, string>>) {
    this.#studies = studies;
  }

  /** Reads the anatomical triples and prepares their images; the caller disposes the result. */
  static async load(
    { run, throughIteration, config, plan }: TriplesOfRun,
    context: ActivityContext,
  ): Promise<StoredTriples> {
    const triples = new StoredTriples(plan.studies);
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
        await triples.add(id, { bytes, reference }, async () => {
          return (await prepareVideo(context, config.target, id, config.preprocessing)).video;
        });
      }
    }
    return triples;
  }

  /** Takes the triples of one video; its image is asked for once, and not for a file without triples. */
  async add(
    id: string,
    { bytes, reference }: { readonly bytes: Uint8Array; readonly reference: ArtefactRef },
    image: () => Promise<GreyVideo>,
  ): Promise<void> {
    const { count } = decodeTriples(bytes);
    if (count === 0) return;
    if (!this.#shelved.has(id)) {
      this.#shelf.put(id, await image());
      this.#shelved.add(id);
    }
    this.#references.push(reference);
    const file = { id, bytes };
    for (let place = 0; place < count; place++) this.#places.push({ file, place });
  }

  get count(): number {
    return this.#places.length;
  }

  /** The files that triples are from. */
  get references(): readonly ArtefactRef[] {
    return this.#references;
  }

  studyOf(index: number): string {
    const { id } = this.#places[index]!.file;
    return this.#studies[id] ?? id;
  }

  load(index: number): StoredTriple {
    const { file, place } = this.#places[index]!;
    const unpacked = this.#unpack(file);
    const { frames, rows, columns } = unpacked;
    return {
      frames,
      rows,
      columns,
      window: (startFrame, count) => ({
        image: this.#shelf.window(file.id, startFrame, count),
        ...unpacked.window(place, startFrame, count),
      }),
    };
  }

  #unpack(file: PackedFile): TripleFile {
    const present = this.#unpacked.get(file);
    const unpacked = present ?? decodeTriples(file.bytes);
    this.#unpacked.delete(file);
    this.#unpacked.set(file, unpacked);
    if (!present) this.#unpackedBytes += unpacked.bytes;
    for (const [oldest, { bytes }] of this.#unpacked) {
      if (this.#unpackedBytes <= memoryBudgets.decodedTriplesBytes || oldest === file) break;
      this.#unpacked.delete(oldest);
      this.#unpackedBytes -= bytes;
    }
    return unpacked;
  }

  dispose(): void {
    this.#shelf.dispose();
  }
}
