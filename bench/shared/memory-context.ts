/** What activities run on in a benchmark: a store in memory, beside a folder. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActivityContext } from '../../activities/context.ts';
import { LocalCache } from '../../storage/local-cache.ts';
import { MemoryStore } from '../../storage/memory-store.ts';

export interface MemoryContext {
  readonly context: ActivityContext;
  /** Of the cache; files on their way into the store lie there, too. */
  readonly folder: string;
  /** Removes what lies on disk. */
  close(): Promise<void>;
}

export async function openMemoryContext(): Promise<MemoryContext> {
  const folder = await mkdtemp(join(tmpdir(), 'echoloop-bench-'));
  const store = new MemoryStore();
  const context: ActivityContext = {
    store,
    cache: new LocalCache(store, folder, 1e9),
    codeVersion: 'bench',
    log: { info: () => undefined, warn: () => undefined },
    signal: new AbortController().signal,
    heartbeat: () => undefined,
  };
  return { context, folder, close: () => rm(folder, { recursive: true, force: true }) };
}
