/**
 * Whether what the store says is complete is whole: for the start after a power cut, which can undo what a store
 * without fsync had acknowledged. The newest artefacts are those at risk, so they are read first, and only within a
 * budget.
 */
import { DomainError } from '../ground/errors.ts';
import { startCheckBudget } from '../temporal.config.ts';
import { type ArtefactRecord, ArtefactRecordSchema, readArtefact, recordKey } from './artefacts.ts';
import { inParallel } from './in-parallel.ts';
import { openSealedJson } from './sealed-json.ts';
import type { ObjectStore, StoredObject } from './store.ts';

export interface CheckBudget {
  readonly maximumArtefacts: number;
  readonly maximumBytes: number;
  readonly maximumMs: number;
}

export interface ArtefactCheck {
  /** Artefacts that were read whole. */
  readonly checked: number;
  /** Records in the store, as far as it could be listed in time. */
  readonly records: number;
  readonly damaged: readonly { readonly key: string; readonly problem: string }[];
}

const RECORD = '.json';

/**
 * Reads the newest artefacts and compares them with their records. @throws DomainError StorageUnavailable, AccessDenied
 */
export async function checkNewestArtefacts(
  store: ObjectStore,
  { maximumArtefacts, maximumBytes, maximumMs }: CheckBudget = startCheckBudget,
): Promise<ArtefactCheck> {
  const deadline = Date.now() + maximumMs;
  const objects = new Map<string, StoredObject>();
  for await (const object of store.list('')) {
    objects.set(object.key, object);
    if (Date.now() > deadline) break;
  }
  // What has a record of its own is a document that was made, not a record.
  const records = [...objects.values()].filter(
    ({ key }) => key.endsWith(RECORD) && !objects.has(recordKey(key)),
  );
  const newest = records.sort((a, b) => b.writtenMs - a.writtenMs).slice(0, maximumArtefacts);

  let bytesLeft = maximumBytes;
  let checked = 0;
  const damaged: { key: string; problem: string }[] = [];
  await inParallel(newest, async ({ key: record }) => {
    const key = record.slice(0, -RECORD.length);
    bytesLeft -= objects.get(key)?.bytes ?? 0;
    if (bytesLeft < 0 || Date.now() > deadline) return;
    const problem = await problemOf(store, key, objects.has(key));
    if (problem === 'no record') return;
    checked++;
    if (problem !== undefined) damaged.push({ key: objects.has(key) ? key : record, problem });
  });
  return { checked, records: records.length, damaged };
}

/** Undefined when the artefact is whole. */
async function problemOf(store: ObjectStore, key: string, hasObject: boolean): Promise<string | undefined> {
  const bytes = await store.get(recordKey(key));
  const record = recordOf(bytes);
  // Other documents end in .json, too: pointers, entries of a quarantine. Empty, none of them is what it was.
  if (record?.key !== key)
    return hasObject || bytes?.length === 0 ? 'its record cannot be read' : 'no record';
  try {
    await readArtefact(store, record);
    return undefined;
  } catch (error) {
    if (error instanceof DomainError && error.code === 'ArtefactMissing') return 'its object is gone';
    if (error instanceof DomainError && error.code === 'ChecksumMismatch')
      return 'its object is not what its record says';
    throw error;
  }
}

function recordOf(bytes: Uint8Array | undefined): ArtefactRecord | undefined {
  return bytes && ArtefactRecordSchema.safeParse(openSealedJson(bytes)).data;
}
