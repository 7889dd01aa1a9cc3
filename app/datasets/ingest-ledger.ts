/**
 * What a dataset has seen, by the digest of the files that a recording came in: stored, with all that its row says, or
 * set aside, with the reason. Written as each video is done, so that an ingestion that was killed goes on where it was,
 * and the same recording is stored once whatever it is called.
 */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { z } from 'zod';
import { datasetKeys } from '../../storage/keys.ts';
import { openSealedJson, sealJson } from '../../storage/sealed-json.ts';
import type { ObjectStore } from '../../storage/store.ts';
import type { FileProblem } from '../file-problem.ts';
import type { VideoRecord } from './convert-recording.ts';
import { type IngestReason, ingestReasons } from './ingest-reasons.ts';

const count = z.int().min(0);

/** A recording that the dataset has. */
const StoredSourceSchema = z.strictObject({
  id: z.string(),
  /** Digest of the files of its reference; that of nothing without one. */
  referenceSha256: z.string(),
  labelled: z.boolean(),
  patientHash: z.string().optional(),
  geometry: z.strictObject({
    frames: count,
    rows: count,
    columns: count,
    spacingMm: z.tuple([z.number(), z.number()]),
    frameTimeMs: z.number(),
  }),
  facts: z.strictObject({
    sourceBits: z.number(),
    distinctLevels: count,
    keptLevels: count,
    scaling: z.strictObject({
      kind: z.enum(['type', 'window', 'range', 'robust']),
      low: z.number(),
      high: z.number(),
    }),
  }),
  annotation: z.strictObject({
    annotatedFrames: z.array(count).exactOptional(),
    annotatedLabels: z.array(count).exactOptional(),
  }),
  notes: z.array(z.string()),
});
export interface StoredSource extends VideoRecord {
  readonly id: string;
  readonly referenceSha256: string;
  readonly labelled: boolean;
}

/** A file that was set aside. `asked` is a digest of what was asked for: other options may bring another outcome. */
const SetAsideSchema = z.object({
  id: z.string(),
  code: z.string(),
  reason: z.string(),
  reasons: z.array(z.enum(ingestReasons)),
  asked: z.string(),
});
export interface SetAside extends FileProblem {
  readonly id: string;
  readonly reasons: readonly IngestReason[];
}

export class IngestLedger {
  readonly #underWay = new Map<string, Promise<unknown>>();
  readonly #store: ObjectStore;
  readonly #dataset: string;
  readonly #stored: Set<string>;
  readonly #setAside: Set<string>;

  private constructor(store: ObjectStore, dataset: string, stored: Set<string>, setAside: Set<string>) {
    this.#store = store;
    this.#dataset = dataset;
    this.#stored = stored;
    this.#setAside = setAside;
  }

  static async open(store: ObjectStore, dataset: string): Promise<IngestLedger> {
    const names = async (prefix: string) => {
      const found = new Set<string>();
      for await (const { key } of store.list(prefix)) found.add(basename(key, '.json'));
      return found;
    };
    const stored = await names(datasetKeys.sources(dataset));
    return new IngestLedger(store, dataset, stored, await names(datasetKeys.quarantines(dataset)));
  }

  /** Does the work when none for the same files is under way, so that the second finds what the first has stored. */
  async alone<Result>(sha256: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#underWay.get(sha256);
    const mine = (before ?? Promise.resolve()).catch(() => undefined).then(work);
    this.#underWay.set(sha256, mine);
    try {
      return await mine;
    } finally {
      if (this.#underWay.get(sha256) === mine) this.#underWay.delete(sha256);
    }
  }

  /** The recording of these files, where the dataset has it. */
  async stored(sha256: string): Promise<StoredSource | undefined> {
    if (!this.#stored.has(sha256)) return undefined;
    const bytes = await this.#store.get(datasetKeys.source(this.#dataset, sha256));
    // One that is damaged is none: the recording is then read again, and found in the store.
    const source = StoredSourceSchema.safeParse(bytes && openSealedJson(bytes)).data;
    return source && { ...source, patientHash: source.patientHash };
  }

  async addStored(sha256: string, source: StoredSource): Promise<void> {
    await this.#store.put(datasetKeys.source(this.#dataset, sha256), sealJson({ ...source }), {
      contentType: 'application/json',
    });
    this.#stored.add(sha256);
  }

  /** Why the file was set aside when the same was asked for; undefined otherwise. */
  async setAside(id: string, file: string, asked: string): Promise<SetAside | undefined> {
    if (!this.#setAside.has(id)) return undefined;
    const bytes = await this.#store.get(datasetKeys.quarantine(this.#dataset, id));
    const found = SetAsideSchema.safeParse(bytes && parsedJson(bytes)).data;
    if (found === undefined || found.asked !== asked) return undefined;
    const { code, reasons } = found;
    return { id, file, code, message: found.reason.replaceAll(id, file), reasons };
  }

  /** The reason goes into the store without the names of files, which may hold patient data. */
  async addSetAside(problem: SetAside, files: readonly string[], asked: string): Promise<void> {
    const { id, code, message, reasons } = problem;
    const reason = withoutNames(message, files, id);
    const record = Buffer.from(`${JSON.stringify({ id, code, reason, reasons, asked }, null, 2)}\n`);
    await this.#store.put(datasetKeys.quarantine(this.#dataset, id), record, {
      contentType: 'application/json',
    });
    this.#setAside.add(id);
  }

  /** What was set aside before, and could be stored now. */
  async forgetSetAside(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      if (!this.#setAside.delete(id)) continue;
      await this.#store.delete(datasetKeys.quarantine(this.#dataset, id));
    }
  }
}

/** A path is told by its letters, the name of a file by itself only as a word: it may be no longer than one. */
function withoutNames(message: string, files: readonly string[], id: string): string {
  const longestFirst = files.toSorted((a, b) => b.length - a.length);
  return longestFirst.reduce((text, file) => {
    const name = basename(file).replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
    return text
      .replaceAll(file, id)
      .replaceAll(new RegExp(`(?<![\\p{L}\\p{N}])${name}(?![\\p{L}\\p{N}])`, 'gu'), id);
  }, message);
}

function parsedJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}

/** A digest of plain values, which may hold maps. */
export function digestOf(value: unknown): string {
  const text = JSON.stringify(value, (_, part) => (part instanceof Map ? [...part] : part));
  return createHash('sha256').update(text).digest('hex');
}
