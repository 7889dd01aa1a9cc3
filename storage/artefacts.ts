/**
 * An artefact is an object that is complete, verified and traceable: its record `<key>.json` (digest, size, what it was
 * made from, by which code) is written after it. No record, no artefact: half-written work is never read. Objects and
 * records are written once and never over: whoever comes late changes nothing.
 */
import { z } from 'zod';
import { type ArtefactRef, ArtefactRefSchema } from '../ground/artefact-ref.ts';
import { DomainError } from '../ground/errors.ts';
import { openSealedJson, sealJson } from './sealed-json.ts';
import type { ObjectStore } from './store.ts';
import { readTrusted, sha256Of } from './trusted-read.ts';

export { sha256Of } from './trusted-read.ts';

export const ArtefactRecordSchema = z.strictObject({
  ...ArtefactRefSchema.shape,
  mediaType: z.string(),
  codeVersion: z.string(),
  inputs: z.array(ArtefactRefSchema),
});
export type ArtefactRecord = z.infer<typeof ArtefactRecordSchema>;

export interface ArtefactOrigin {
  /** What the artefact was made from; lineage follows these. */
  readonly inputs: readonly ArtefactRef[];
  readonly codeVersion: string;
  readonly mediaType: string;
  /** Other bytes that are complete are no fault: what was stored first holds for all. */
  readonly firstHolds?: boolean | undefined;
}

/** Key of the record that completes an artefact. */
export function recordKey(key: string): string {
  return `${key}.json`;
}

/** The artefact's reference when it is complete, else undefined. */
export async function findArtefact(store: ObjectStore, key: string): Promise<ArtefactRef | undefined> {
  const record = await readRecord(store, key);
  return record && referenceOf(record);
}

function referenceOf({ key, sha256, bytes }: ArtefactRecord): ArtefactRef {
  return { key, sha256, bytes };
}

/**
 * The artefact's record when it is complete, else undefined.
 * @throws DomainError ChecksumMismatch when it is damaged, StorageUnavailable
 */
export async function readRecord(store: ObjectStore, key: string): Promise<ArtefactRecord | undefined> {
  const read = await readTrusted(
    recordKey(key),
    () => store.get(recordKey(key)),
    (bytes) => {
      const parsed = ArtefactRecordSchema.safeParse(openSealedJson(bytes));
      return parsed.success && parsed.data.key === key ? parsed.data : undefined;
    },
  );
  if (read.kind === 'missing') return undefined;
  if (read.kind === 'good') return read.value;
  throw new DomainError(
    'ChecksumMismatch',
    `The record ${recordKey(key)} is damaged: it does not describe ${key}. Delete the record to have the artefact made again.`,
    { key },
  );
}

/**
 * The artefact's reference when it is complete and was made from just these inputs; one that was made from others is
 * removed. For what stands at the end of a run: one that was stopped and begun again ends a second time, further on.
 * @throws what readRecord throws
 */
export async function findMadeFrom(
  store: ObjectStore,
  key: string,
  inputs: readonly ArtefactRef[],
): Promise<ArtefactRef | undefined> {
  const record = await readRecord(store, key);
  if (!record) return undefined;
  const isSame = ({ key, sha256 }: ArtefactRef, index: number) =>
    inputs[index]?.key === key && inputs[index].sha256 === sha256;
  if (record.inputs.length === inputs.length && record.inputs.every(isSame)) return referenceOf(record);
  await deleteArtefact(store, key);
  return undefined;
}

/**
 * Stores bytes and completes them with a record. Writing what is already complete is free when the bytes are the same.
 *
 * The object goes to `key` unless other bytes lie there, which no record completes: a writer that died left them, or
 * one that is slow. They are not touched, since that writer may still complete them; these bytes then lie beside them
 * under their digest. The first record decides.
 * @returns what is complete, which may have other bytes where `firstHolds`
 * @throws DomainError ChecksumMismatch when a complete artefact with other bytes is already there: keys are derived
 * from inputs, so the same key must mean the same bytes. StorageUnavailable.
 */
export async function writeArtefact(
  store: ObjectStore,
  key: string,
  bytes: Uint8Array,
  origin: ArtefactOrigin,
): Promise<ArtefactRef> {
  const reference: ArtefactRef = { key, sha256: sha256Of(bytes), bytes: bytes.length };
  const present = await findArtefact(store, key);
  if (present) return asComplete(present, reference, origin);
  await putOnce(store, reference, bytes, origin.mediaType);
  const record: ArtefactRecord = {
    ...reference,
    mediaType: origin.mediaType,
    codeVersion: origin.codeVersion,
    inputs: origin.inputs.map(({ key, sha256, bytes }) => ({ key, sha256, bytes })),
  };
  const outcome = await store.put(recordKey(key), sealJson(record), {
    ifNoneMatch: true,
    contentType: 'application/json',
  });
  if (outcome === 'written') return reference;
  const other = await findArtefact(store, key);
  if (other) return asComplete(other, reference, origin);
  // Whoever looks for it would take it for something that was never made.
  throw new DomainError(
    'StorageUnavailable',
    `The record ${recordKey(key)} was there when it was to be written, and is gone: somebody removes it. It is made again.`,
    { key },
  );
}

/**
 * The artefact's bytes, checked against the reference.
 * @throws DomainError ArtefactMissing, ChecksumMismatch (both with the object's key in their details),
 * StorageUnavailable
 */
export async function readArtefact(store: ObjectStore, reference: ArtefactRef): Promise<Uint8Array> {
  const { key, sha256 } = reference;
  const accept = (bytes: Uint8Array) => (sha256Of(bytes) === sha256 ? bytes : undefined);
  const read = await readTrusted(
    key,
    async () => {
      const bytes = await store.get(key);
      // Other bytes under the key may be those of a writer that came second, and the right ones lie beside them.
      return bytes && (accept(bytes) ?? (await besides(store, reference, accept)) ?? bytes);
    },
    accept,
  );
  if (read.kind === 'good') return read.value;
  if (read.kind === 'missing') {
    throw new DomainError(
      'ArtefactMissing',
      `The object ${key} is not in the store, though its reference is. It was deleted from outside; restore it or start a new run.`,
      { key },
    );
  }
  throw new DomainError(
    'ChecksumMismatch',
    `The object ${key} is damaged: expected SHA-256 ${sha256} (${reference.bytes} bytes), found ${read.sha256} (${read.bytes} bytes) at every read. Restore it, or delete it with its record to have it made again.`,
    { key },
  );
}

/** The bytes and reference of a complete artefact, else undefined. @throws what readRecord and readArtefact throw. */
export async function readArtefactAt(
  store: ObjectStore,
  key: string,
): Promise<{ reference: ArtefactRef; bytes: Uint8Array } | undefined> {
  const reference = await findArtefact(store, key);
  return reference && { reference, bytes: await readArtefact(store, reference) };
}

/** Removes an artefact; the record goes first, so that no reader meets a record without its object. */
export async function deleteArtefact(store: ObjectStore, key: string): Promise<void> {
  // A record that cannot be read, of an artefact that is to go, is no failure.
  const reference = await findArtefact(store, key).catch((error: unknown) => {
    if (error instanceof DomainError && error.code === 'ChecksumMismatch') return undefined;
    throw error;
  });
  await store.delete(recordKey(key));
  await store.delete(key);
  if (reference) await store.delete(besideKey(reference));
}

/** Where bytes lie whose key is taken. */
function besideKey({ key, sha256 }: ArtefactRef): string {
  return `${key}.${sha256}`;
}

async function putOnce(
  store: ObjectStore,
  reference: ArtefactRef,
  bytes: Uint8Array,
  contentType: string,
): Promise<void> {
  const outcome = await store.put(reference.key, bytes, { ifNoneMatch: true, contentType });
  if (outcome === 'written') return;
  // By this very write, whose answer was lost, or by another writer with the same bytes.
  const there = await store.get(reference.key);
  if (there && sha256Of(there) === reference.sha256) return;
  // Under its own digest an object can only ever hold these bytes, so that writing over it is safe.
  await store.put(besideKey(reference), bytes, { contentType });
}

async function besides(
  store: ObjectStore,
  reference: ArtefactRef,
  accept: (bytes: Uint8Array) => Uint8Array | undefined,
): Promise<Uint8Array | undefined> {
  const bytes = await store.get(besideKey(reference));
  return bytes && accept(bytes);
}

function asComplete(
  present: ArtefactRef,
  written: ArtefactRef,
  { firstHolds = false }: ArtefactOrigin,
): ArtefactRef {
  if (firstHolds || present.sha256 === written.sha256) return present;
  throw new DomainError(
    'ChecksumMismatch',
    `${written.key} is already complete with other bytes (SHA-256 ${present.sha256}; now ${written.sha256}). The same inputs gave two results: another back end or thread count, or a changed version. Start a new run.`,
    { key: written.key },
  );
}
