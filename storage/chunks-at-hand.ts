/**
 * Chunks in memory up to a budget, for whoever cannot wait where they are used: `fetch` waits for them, `take` hands
 * them out. Those that were not used for longest go first.
 */
import type { ChunkedArtefact } from './chunked-artefact.ts';
import { inParallel } from './in-parallel.ts';

/** Consecutive chunks of an artefact. */
export interface ChunkRange {
  readonly artefact: ChunkedArtefact;
  readonly first: number;
  readonly count: number;
}

export class ChunksAtHand {
  readonly #maximumBytes: number;
  /** The least recently used first. */
  readonly #chunks = new Map<string, Uint8Array>();
  #bytes = 0;

  constructor(maximumBytes: number) {
    this.#maximumBytes = maximumBytes;
  }

  /** What is in memory now. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Brings chunks to hand, where they stay until the next call however large they are.
   * @throws what ChunkedArtefact.read throws; what came until then is at hand
   */
  async fetch(ranges: readonly ChunkRange[]): Promise<void> {
    const wanted = new Set(ranges.flatMap(namesOf));
    // Touched first, so that what else comes in does not push them out.
    for (const name of wanted) this.#touch(name);
    await inParallel(
      ranges.flatMap((range) => this.#gapsOf(range)),
      async (gap) => {
        const chunks = await gap.artefact.read(gap.first, gap.count);
        for (const [i, name] of namesOf(gap).entries()) this.#put(name, chunks[i]!);
      },
    );
    for (const name of this.#chunks.keys()) {
      if (this.#bytes <= this.#maximumBytes) break;
      if (!wanted.has(name)) this.#drop(name);
    }
  }

  /** @throws Error when the last `fetch` did not bring it: a mistake of whoever asks. */
  take(artefact: ChunkedArtefact, index: number): Uint8Array {
    const chunk = this.#chunks.get(nameOf(artefact, index));
    if (!chunk) throw new Error(`Chunk ${index} of ${artefact.reference.key} was not fetched.`);
    return chunk;
  }

  /** What of a range is not at hand, in pieces without a gap. */
  #gapsOf({ artefact, first, count }: ChunkRange): ChunkRange[] {
    const gaps: ChunkRange[] = [];
    for (let index = first; index < first + count; index++) {
      if (this.#chunks.has(nameOf(artefact, index))) continue;
      const last = gaps.at(-1);
      if (last && last.first + last.count === index)
        gaps[gaps.length - 1] = { ...last, count: last.count + 1 };
      else gaps.push({ artefact, first: index, count: 1 });
    }
    return gaps;
  }

  #touch(name: string): void {
    const chunk = this.#chunks.get(name);
    if (!chunk) return;
    this.#chunks.delete(name);
    this.#chunks.set(name, chunk);
  }

  #put(name: string, chunk: Uint8Array): void {
    this.#drop(name);
    this.#chunks.set(name, chunk);
    this.#bytes += chunk.length;
  }

  #drop(name: string): void {
    this.#bytes -= this.#chunks.get(name)?.length ?? 0;
    this.#chunks.delete(name);
  }
}

/** By content: the same artefact that was opened twice has the same chunks. */
function nameOf({ reference }: ChunkedArtefact, index: number): string {
  return `${reference.sha256} ${index}`;
}

function namesOf({ artefact, first, count }: ChunkRange): string[] {
  return Array.from({ length: count }, (_, i) => nameOf(artefact, first + i));
}
