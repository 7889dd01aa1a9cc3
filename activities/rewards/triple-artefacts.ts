/** The triples of a video in the store; what runs that were begun earlier have of them is stored anew in chunks. */
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import { findArtefact, readArtefact } from '../../storage/artefacts.ts';
import {
  ChunkedArtefact,
  type ChunkedContent,
  deleteChunkedArtefact,
  writeChunkedArtefact,
} from '../../storage/chunked-artefact.ts';
import { isDamage } from '../artefacts/damage.ts';
import type { TripleKeys } from '../artefacts/run-keys.ts';
import { type ActivityContext, originOf } from '../context.ts';
import { readOlderTriples } from './older-triple-file.ts';
import { TripleChunks } from './triple-chunks.ts';

/** @param inputs what they were made from */
export async function storeTriples(
  context: ActivityContext,
  key: string,
  content: ChunkedContent,
  inputs: readonly ArtefactRef[],
): Promise<TripleChunks> {
  const origin = originOf(context, inputs, 'application/octet-stream');
  return open(context, await writeChunkedArtefact(context.store, key, content, origin));
}

/** @throws DomainError CheckpointIncompatible when they have another form, ChecksumMismatch, ArtefactMissing */
export async function findTriples(
  context: ActivityContext,
  { key, older }: TripleKeys,
): Promise<TripleChunks | undefined> {
  const { store } = context;
  const found = await findArtefact(store, key);
  if (found) return open(context, found);
  const file = await findArtefact(store, older);
  return file && storeTriples(context, key, readOlderTriples(await readArtefact(store, file)), [file]);
}

/** The same for whoever can make them again: damaged ones are removed, with a warning, as if there were none. */
export async function findReadableTriples(
  context: ActivityContext,
  keys: TripleKeys,
): Promise<TripleChunks | undefined> {
  try {
    return await findTriples(context, keys);
  } catch (error) {
    if (!isDamage(error) || error.details.key !== keys.key) throw error;
    const { code, message } = error;
    context.log.warn({ key: keys.key, code, reason: message }, 'triples damaged: they are made again');
    await deleteChunkedArtefact(context.store, keys.key);
    return findTriples(context, keys);
  }
}

async function open({ store, cache }: ActivityContext, reference: ArtefactRef): Promise<TripleChunks> {
  return new TripleChunks(await ChunkedArtefact.open(store, reference, cache));
}
