/** Artefacts that can be made again, so that damage to one is no end. */
import { DomainError, type ErrorCode } from '../../ground/errors.ts';
import { deleteArtefact } from '../../storage/artefacts.ts';
import type { ActivityContext } from '../context.ts';

const DAMAGE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ChecksumMismatch',
  'ArtefactMissing',
  'CheckpointIncompatible',
]);

/** Whether the error says that what is stored is wrong, and will be at the next attempt. */
export function isDamage(error: unknown): error is DomainError {
  return error instanceof DomainError && DAMAGE.has(error.code);
}

/** What is read of an artefact; a damaged one is removed, to be made again, as if there were none. */
export async function unlessDamaged<Found>(
  { store }: ActivityContext,
  key: string,
  read: () => Promise<Found | undefined>,
): Promise<Found | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!isDamage(error)) throw error;
    await deleteArtefact(store, key);
    return undefined;
  }
}
