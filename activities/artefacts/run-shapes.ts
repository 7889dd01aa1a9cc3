/** The linear shapes of a run, by which its segmentations are completed (method.md 4.4). */
import type { RunConfig } from '../../contracts/run-config.ts';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import { DomainError } from '../../ground/errors.ts';
import type { LinearShapes } from '../../method/shapes/linear-shapes.ts';
import { decodeLinearShapes } from '../../method/shapes/shapes-checkpoint.ts';
import { findArtefact } from '../../storage/artefacts.ts';
import { runKeys } from '../../storage/keys.ts';
import type { ActivityContext } from '../context.ts';

export interface RunShapes {
  readonly reference: ArtefactRef;
  readonly model: LinearShapes;
}

/** Undefined where the run, an adaptation or a comparison, has fitted none. */
export async function findShapes(run: string, context: ActivityContext): Promise<RunShapes | undefined> {
  const reference = await findArtefact(context.store, runKeys.linearShapes(run));
  return reference && { reference, model: decodeLinearShapes(await context.cache.read(reference)) };
}

/**
 * Undefined where the configuration asks for no completion.
 * @throws DomainError ArtefactMissing where it does and the run has not fitted any.
 */
export async function readRunShapes(
  context: ActivityContext,
  run: string,
  { inference }: RunConfig,
): Promise<RunShapes | undefined> {
  if (!inference.completion.enabled) return undefined;
  const shapes = await findShapes(run, context);
  if (shapes) return shapes;
  throw new DomainError(
    'ArtefactMissing',
    `Run ${run} completes segmentations and has no linear shapes (${runKeys.linearShapes(run)}), which it fits at its beginning alone. Restore them, or start a new run.`,
  );
}
