/**
 * Reads that are only believed when they are what they should be, or when they are wrong in the same way each time. A
 * byte that flipped on the way is a bad read and gone the next time; a bad object stays bad, and only that is anybody's
 * fault.
 */
import { createHash } from 'node:crypto';
import { channel } from 'node:diagnostics_channel';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '../ground/errors.ts';
import { rereadLimits } from '../temporal.config.ts';

/** Carries a message `{ key, attempt }` for every bad read, whoever wants to log or count them. */
export const badReads = channel('echoloop.storage.bad-read');

export type TrustedRead<Value> =
  | { readonly kind: 'good'; readonly value: Value }
  | { readonly kind: 'missing' }
  /** Every read gave these same bytes. */
  | { readonly kind: 'damaged'; readonly sha256: string; readonly bytes: number };

/**
 * Reads until `accept` takes the bytes (gives anything but undefined), with a growing pause before each further read.
 * @throws DomainError StorageUnavailable when the reads contradict each other: then not the object is bad but the way
 * to it.
 */
export async function readTrusted<Value>(
  key: string,
  read: () => Promise<Uint8Array | undefined>,
  accept: (bytes: Uint8Array) => Value | undefined,
): Promise<TrustedRead<Value>> {
  const found = new Set<string>();
  let last = { sha256: '', bytes: 0 };
  for (let attempt = 1; attempt <= rereadLimits.attempts; attempt++) {
    if (attempt > 1) await sleep(rereadLimits.pauseMs * 4 ** (attempt - 2));
    const bytes = await read();
    if (!bytes) return { kind: 'missing' };
    const value = accept(bytes);
    if (value !== undefined) return { kind: 'good', value };
    last = { sha256: sha256Of(bytes), bytes: bytes.length };
    found.add(last.sha256);
    badReads.publish({ key, attempt });
  }
  if (found.size === 1) return { kind: 'damaged', ...last };
  throw new DomainError(
    'StorageUnavailable',
    `${rereadLimits.attempts} reads of ${key} gave ${found.size} different contents, none of them right: the object may be whole, but the way to it is not. Check the network and the memory of this machine and of the store.`,
    { key },
  );
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
