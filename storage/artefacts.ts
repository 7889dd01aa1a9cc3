/**
 * An artefact is an object that is complete, verified and traceable: its record `<key>.json` (digest, size, what it was made
 * from, by which code) is written after it. No record, no artefact: half-written work is never read.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type ArtefactRef, ArtefactRefSchema } from '../ground/artefact-ref.ts';
import { DomainError } from '../ground/errors.ts';
import type { ObjectStore } from './store.ts';

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
}

/** Key of the record that completes an artefact. */
export function recordKey(key: string): string {
  return `${key}.json`;
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The artefact's reference when it is complete, else undefined. */
export async function findArtefact(store: ObjectStore, key: string): Promise<ArtefactRef | undefined> {
  const record = await readRecord(store, key);
  return record && { key: record.key, sha256: record.sha256, bytes: record.bytes };
}

/** The artefact's record when it is complete, else undefined. */
export async function readRecord(store: ObjectStore, key: string): Promise<ArtefactRecord | undefined> {
  const bytes = await store.get(recordKey(key));
  if (!bytes) return undefined;
  const parsed = ArtefactRecordSchema.safeParse(parseJson(bytes));
  if (!parsed.success || parsed.data.key !== key) {
    throw new DomainError(
      'ChecksumMismatch',
      `The record ${recordKey(key)} is damaged: it does not describe ${key}. Delete the record to have the artefact made again.`,
    );
  }
  return parsed.data;
}

/**
 * Stores bytes and completes them with a record. Writing what is already complete is free when the bytes are the same.
 * @throws DomainError ChecksumMismatch when a complete artefact with other bytes is already there: keys are derived from inputs,
 * so the same key must mean the same bytes.
 */
export async function writeArtefact(
  store: ObjectStore,
  key: string,
  bytes: Uint8Array,
  origin: ArtefactOrigin,
): Promise<ArtefactRef> {
  const reference: ArtefactRef = { key, sha256: sha256Of(bytes), bytes: bytes.length };
  const present = await findArtefact(store, key);
  if (present) return sameBytes(present, reference);
  await store.put(key, bytes, { contentType: origin.mediaType });
  const record: ArtefactRecord = {
    ...reference,
    mediaType: origin.mediaType,
    codeVersion: origin.codeVersion,
    inputs: origin.inputs.map(({ key, sha256, bytes }) => ({ key, sha256, bytes })),
  };
  const text = new TextEncoder().encode(`${JSON.stringify(record, null, 2)}\n`);
  const outcome = await store.put(recordKey(key), text, {
    ifNoneMatch: true,
    contentType: 'application/json',
  });
  if (outcome === 'written') return reference;
  const other = await findArtefact(store, key);
  return other ? sameBytes(other, reference) : reference;
}

/**
 * The artefact's bytes, checked against the reference.
 * @throws DomainError ArtefactMissing, ChecksumMismatch
 */
export async function readArtefact(store: ObjectStore, reference: ArtefactRef): Promise<Uint8Array> {
  const bytes = await store.get(reference.key);
  if (!bytes) {
    throw new DomainError(
      'ArtefactMissing',
      `The object ${reference.key} is not in the store, though its reference is. It was deleted from outside; restore it or start a new run.`,
    );
  }
  const found = sha256Of(bytes);
  if (found !== reference.sha256) {
    throw new DomainError(
      'ChecksumMismatch',
      `The object ${reference.key} is damaged: expected SHA-256 ${reference.sha256} (${reference.bytes} bytes), found ${found} (${bytes.length} bytes). Restore it, or delete it with its record to have it made again.`,
    );
  }
  return bytes;
}

/** Removes an artefact; the record goes first, so that no reader meets a record without its object. */
export async function deleteArtefact(store: ObjectStore, key: string): Promise<void> {
  await store.delete(recordKey(key));
  await store.delete(key);
}

function sameBytes(present: ArtefactRef, written: ArtefactRef): ArtefactRef {
  if (present.sha256 === written.sha256) return present;
  throw new DomainError(
    'ChecksumMismatch',
    `${written.key} is already complete with other bytes (SHA-256 ${present.sha256}; now ${written.sha256}). The same inputs gave two results: another back end or thread count, or a changed version. Start a new run.`,
  );
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
