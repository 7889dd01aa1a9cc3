/** Artefacts that are bytes of a format of their own: weights, videos, pages. */
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import { writeArtefact } from '../../storage/artefacts.ts';
import { type ActivityContext, originOf } from '../context.ts';

/** @param inputs what it was made from */
export function writeBytes(
  context: ActivityContext,
  key: string,
  bytes: Uint8Array,
  inputs: readonly ArtefactRef[],
  mediaType = 'application/octet-stream',
): Promise<ArtefactRef> {
  return writeArtefact(context.store, key, bytes, originOf(context, inputs, mediaType));
}
