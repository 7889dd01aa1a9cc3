/**
 * A folder or prefix that somebody sends to, a PACS for one: every so often it is listed, and what has stopped growing
 * and was not taken yet is ingested. What is in the dataset is known by its content, so a watch that was ended goes on
 * where it was, and nothing is stored twice.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PlannedVideo, SkippedFile } from '../../datasets/collections/plan.ts';
import { DomainError, isRetryable } from '../../ground/errors.ts';
import type { ObjectStore } from '../../storage/store.ts';
import { type IngestOutcome, type IngestRequest, ingestVideos } from './ingest-videos.ts';
import { type IngestPaths, type ListedPlan, planListed } from './plan-ingestion.ts';
import { labelFiles } from './read-recording.ts';
import { localFiles, type SourceFile } from './source-files.ts';

export interface WatchRequest extends IngestRequest {
  readonly paths: IngestPaths;
  /** How long a file must stay as it is before it is taken. */
  readonly settleMs: number;
  /** Ends the watch: videos under way are finished, and the manifest is written. */
  readonly signal: AbortSignal;
  readonly onBatch: (outcome: IngestOutcome) => void;
  /** Files that are no videos, each once. */
  readonly onSkipped: (skipped: readonly SkippedFile[]) => void;
  /** What kept a round from its end and is tried again, such as a store that is away. */
  readonly onTrouble: (error: DomainError) => void;
}

export interface WatchTotals {
  readonly accepted: number;
  readonly quarantined: number;
  readonly bytes: number;
}

/** Looks in the time that a file must stay as it is: how late a file may be taken. */
const LOOKS_PER_SETTLING = 4;

/** Tells a file's versions apart. */
function versionOf({ bytes, changedMs }: SourceFile): string {
  return `${bytes} ${changedMs}`;
}

/** Which files have stayed as they are for long enough, seen by the clock of this process alone. */
class Settling {
  readonly #settleMs: number;
  readonly #seen = new Map<string, { version: string; sinceMs: number }>();
  #nowMs = 0;

  constructor(settleMs: number) {
    this.#settleMs = settleMs;
  }

  look(files: readonly SourceFile[], nowMs: number): void {
    this.#nowMs = nowMs;
    const present = new Set(files.map(({ path }) => path));
    for (const path of this.#seen.keys()) if (!present.has(path)) this.#seen.delete(path);
    for (const file of files) {
      const version = versionOf(file);
      if (this.#seen.get(file.path)?.version !== version)
        this.#seen.set(file.path, { version, sinceMs: nowMs });
    }
  }

  /** The versions of the files, joined; undefined while one of them is not there or still changes. */
  versionOf(paths: readonly string[]): string | undefined {
    const seen = paths.map((path) => this.#seen.get(path));
    const isSettled = seen.every((file) => file && this.#nowMs - file.sinceMs >= this.#settleMs);
    return isSettled ? seen.map((file) => file!.version).join(',') : undefined;
  }
}

function withoutEnding(path: string): string {
  return path.replace(/(\.nii)?\.[^./]+$/, '');
}

/** All files that a video is read from; those of the same name with another ending may hold its pixels. */
function filesOf({ file, pictures, labels }: PlannedVideo, beside: ReadonlyMap<string, string[]>): string[] {
  const named = [...(pictures ?? [file]), ...labelFiles(labels)];
  return [...new Set(named.flatMap((path) => [path, ...(beside.get(withoutEnding(path)) ?? [])]))];
}

class FolderWatch {
  readonly #store: ObjectStore;
  readonly #request: WatchRequest;
  readonly #settling: Settling;
  /** Versions of the videos that were taken, by file. */
  readonly #taken = new Map<string, string>();
  readonly #skipped = new Set<string>();
  #totals: WatchTotals = { accepted: 0, quarantined: 0, bytes: 0 };

  constructor(store: ObjectStore, request: WatchRequest) {
    this.#store = store;
    this.#request = request;
    this.#settling = new Settling(request.settleMs);
  }

  get totals(): WatchTotals {
    return this.#totals;
  }

  async look(): Promise<void> {
    const { paths, sources = localFiles, onBatch } = this.#request;
    const listed = await planListed(paths, sources);
    this.#settling.look(listed.files, performance.now());
    this.#tellSkipped(listed);
    const due = this.#due(listed);
    if (due.size === 0) return;
    const outcome = await ingestVideos(this.#store, { videos: [...due.keys()] }, this.#request);
    // Of an ended watch some were not begun; the next watch finds them.
    if (outcome.left === 0) for (const [{ file }, version] of due) this.#taken.set(file, version);
    const { accepted, quarantined, bytes } = outcome;
    const fresh = accepted.filter(({ isKnown }) => !isKnown).length;
    this.#totals = {
      accepted: this.#totals.accepted + fresh,
      quarantined: this.#totals.quarantined + quarantined.length,
      bytes: this.#totals.bytes + bytes,
    };
    onBatch(outcome);
  }

  #due({ plan, files }: ListedPlan): Map<PlannedVideo, string> {
    const beside = new Map<string, string[]>();
    for (const { path } of files) {
      const stem = withoutEnding(path);
      beside.set(stem, [...(beside.get(stem) ?? []), path]);
    }
    const present = new Set(plan.videos.map(({ file }) => file));
    for (const file of this.#taken.keys()) if (!present.has(file)) this.#taken.delete(file);
    const due = new Map<PlannedVideo, string>();
    for (const video of plan.videos) {
      const version = this.#settling.versionOf(filesOf(video, beside));
      if (version !== undefined && this.#taken.get(video.file) !== version) due.set(video, version);
    }
    return due;
  }

  /** A file that is still being sent may be called otherwise in the end, so it is not named before it has settled. */
  #tellSkipped({ plan }: ListedPlan): void {
    const fresh = plan.skipped.filter(
      ({ file }) => !this.#skipped.has(file) && this.#settling.versionOf([file]) !== undefined,
    );
    for (const { file } of fresh) this.#skipped.add(file);
    if (fresh.length > 0) this.#request.onSkipped(fresh);
  }
}

/**
 * Watches until the signal is aborted. A service that is away, and a table that names files which are not there yet,
 * are told and tried again; so is nothing else.
 * @throws DomainError AccessDenied, ConfigInvalid
 */
export async function watchFolder(store: ObjectStore, request: WatchRequest): Promise<WatchTotals> {
  const watch = new FolderWatch(store, request);
  const { signal, settleMs, onTrouble } = request;
  let told = '';
  while (!signal.aborted) {
    try {
      await watch.look();
      told = '';
    } catch (error) {
      const willPass =
        error instanceof DomainError && (isRetryable(error.code) || error.code === 'DatasetInvalid');
      if (!willPass) throw error;
      if (error.message !== told) onTrouble(error);
      told = error.message;
    }
    await sleep(settleMs / LOOKS_PER_SETTLING, undefined, { signal }).catch(() => undefined);
  }
  return watch.totals;
}
