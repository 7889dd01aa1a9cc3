/**
 * A name by which a store is known again: workers of one deployment must all work on the same one, and a bucket that
 * exists but is another's answers every request.
 */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { DomainError } from '../ground/errors.ts';
import type { ObjectStore } from './store.ts';

const KEY = 'store-name.json';
const NameSchema = z.strictObject({ name: z.string().regex(/^[0-9a-f]{8}$/) });

/**
 * The store's name, given to it by whoever asks first.
 * @throws DomainError ChecksumMismatch when it cannot be read as one, AccessDenied, StorageUnavailable
 */
export async function nameOfStore(store: ObjectStore): Promise<string> {
  const present = await store.get(KEY);
  if (present) return nameIn(present);
  const made = new TextEncoder().encode(JSON.stringify({ name: randomBytes(4).toString('hex') }));
  await store.put(KEY, made, { ifNoneMatch: true, contentType: 'application/json' });
  return nameIn((await store.get(KEY)) ?? made);
}

function nameIn(bytes: Uint8Array): string {
  try {
    return NameSchema.parse(JSON.parse(new TextDecoder().decode(bytes))).name;
  } catch (error) {
    throw new DomainError(
      'ChecksumMismatch',
      `${KEY} in the object store is damaged. Delete it: a new one is made at the next start of a worker.`,
      { key: KEY },
      { cause: error },
    );
  }
}
