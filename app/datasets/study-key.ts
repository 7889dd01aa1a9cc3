/** The key of a dataset's pseudonyms: made once, at random, and kept with the data that only its owner can read. */
import { randomBytes } from 'node:crypto';
import { DomainError } from '../../ground/errors.ts';
import { datasetKeys } from '../../storage/keys.ts';
import type { ObjectStore } from '../../storage/store.ts';

const KEY_BYTES = 32;

/** The key that the dataset has, or a new one, also when two ask for it at once. */
export async function studyKeyOf(store: ObjectStore, dataset: string): Promise<Uint8Array> {
  const name = datasetKeys.studyKey(dataset);
  const present = await store.get(name);
  if (present) return present;
  const made = randomBytes(KEY_BYTES);
  const outcome = await store.put(name, made, {
    contentType: 'application/octet-stream',
    ifNoneMatch: true,
  });
  if (outcome === 'written') return made;
  const other = await store.get(name);
  if (other) return other;
  throw new DomainError(
    'StorageUnavailable',
    `${name}: expected the key that was just written, found none. Try again.`,
  );
}
