/**
 * A video that cannot be used is set aside with its reason and counted; only what is the video's own fault counts as
 * that.
 */
import { DomainError, type ErrorCode } from '../../ground/errors.ts';
import { runKeys } from '../../storage/keys.ts';
import type { ActivityContext } from '../context.ts';

const VIDEO_FAULTS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'DatasetInvalid',
  'GeometryMismatch',
  'LabelMapInvalid',
  'FormatUnsupported',
  'LimitExceeded',
  'ChecksumMismatch',
  'ArtefactMissing',
]);

export type Tried<Value> = { readonly value: Value } | { readonly quarantined: true };

/**
 * Runs the work on one video. When it fails because of the video, that is written to the run's quarantine and the work
 * is skipped; any other failure is thrown.
 */
export async function tryVideo<Value>(
  context: ActivityContext,
  run: string,
  id: string,
  work: () => Promise<Value>,
): Promise<Tried<Value>> {
  try {
    return { value: await work() };
  } catch (error) {
    if (!(error instanceof DomainError) || !VIDEO_FAULTS.has(error.code)) throw error;
    const entry = { id, code: error.code, reason: error.message };
    const bytes = new TextEncoder().encode(`${JSON.stringify(entry)}\n`);
    await context.store.put(runKeys.quarantine(run, id), bytes, { contentType: 'application/json' });
    context.log.warn({ run, code: error.code, video: id }, 'video quarantined');
    return { quarantined: true };
  }
}
