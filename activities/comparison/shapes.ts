/** The linear shapes of the source, by which every policy of a comparison is completed, where it is (method.md 4.4). */
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import type { LinearShapes } from '../../method/shapes/linear-shapes.ts';
import { decodeLinearShapes } from '../../method/shapes/shapes-checkpoint.ts';
import { findArtefact } from '../../storage/artefacts.ts';
import { runKeys } from '../../storage/keys.ts';
import type { ActivityContext } from '../context.ts';

/** Undefined where the comparison has fitted none: it was not to complete, or has no source. */
export async function findShapes(
  run: string,
  context: ActivityContext,
): Promise<{ readonly reference: ArtefactRef; readonly model: LinearShapes } | undefined> {
  const reference = await findArtefact(context.store, runKeys.linearShapes(run));
  return reference && { reference, model: decodeLinearShapes(await context.cache.read(reference)) };
}
