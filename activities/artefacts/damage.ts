/** Artefacts that can be made again, so that damage to one is no end. */
import { DomainError, type ErrorCode } from '../../ground/errors.ts';

const DAMAGE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ChecksumMismatch',
  'ArtefactMissing',
  'CheckpointIncompatible',
]);

/** Whether the error says that what is stored is wrong, and will be at the next attempt. */
export function isDamage(error: unknown): error is DomainError {
  return error instanceof DomainError && DAMAGE.has(error.code);
}
