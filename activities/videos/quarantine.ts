/**
 * A video that cannot be used is set aside with its reason and counted; only what is the video's own fault counts as
 * that.
 */
import { z } from 'zod';
import { DomainError, type ErrorCode } from '../../ground/errors.ts';
import { runKeys, videoOf } from '../../storage/keys.ts';
import type { ActivityContext } from '../context.ts';

const VIDEO_FAULTS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'DatasetInvalid',
  'GeometryMismatch',
  'LabelMapInvalid',
  'FormatUnsupported',
  'LimitExceeded',
]);

/** Faults of an object in the store: the video's when the object is, which the error's details say. */
const OBJECT_FAULTS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['ChecksumMismatch', 'ArtefactMissing']);

/** Why a video was set aside. */
export const QuarantineEntrySchema = z.object({ id: z.string(), code: z.string(), reason: z.string() });
export type QuarantineEntry = z.infer<typeof QuarantineEntrySchema>;

export type Tried<Value> = { readonly value: Value } | { readonly quarantined: true };

/**
 * Runs the work on one video. When it fails because of the video, that is written to the run's quarantine and the work
 * is skipped; any other failure is thrown.
 * @param key of the entry, where the fault is not the run's: a later one of another origin would take its place
 */
export async function tryVideo<Value>(
  context: ActivityContext,
  run: string,
  id: string,
  work: () => Promise<Value>,
  key = runKeys.quarantine(run, id),
): Promise<Tried<Value>> {
  try {
    return { value: await work() };
  } catch (error) {
    if (!(error instanceof DomainError) || !isFaultOf(id, error)) throw error;
    const entry: QuarantineEntry = { id, code: error.code, reason: error.message };
    const bytes = new TextEncoder().encode(`${JSON.stringify(entry)}\n`);
    await context.store.put(key, bytes, { contentType: 'application/json' });
    context.log.warn({ run, code: error.code, video: id }, 'video quarantined');
    return { quarantined: true };
  }
}

/** A damaged policy is found while some video is worked on; that video is as good as the others. */
function isFaultOf(id: string, { code, details }: DomainError): boolean {
  if (VIDEO_FAULTS.has(code)) return true;
  return OBJECT_FAULTS.has(code) && typeof details.key === 'string' && videoOf(details.key) === id;
}
