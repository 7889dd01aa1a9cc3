/** What a report shows, as it was stored. */
import { readArtefactAt } from '../storage/artefacts.ts';
import type { ObjectStore } from '../storage/store.ts';

/**
 * The checked bytes of the artefact; undefined when it is not there, or not complete. @throws DomainError
 * ChecksumMismatch
 */
export async function storedBytes(store: ObjectStore, key: string): Promise<Uint8Array | undefined> {
  return (await readArtefactAt(store, key))?.bytes;
}
