/**
 * Trainings that are complete: the document of what was measured is written last, so with the files it names all is
 * there.
 */
import { z } from 'zod';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import { findArtefact } from '../../storage/artefacts.ts';
import { findJson } from '../artefacts/json-artefact.ts';
import type { ActivityContext } from '../context.ts';

/** Points of a curve as documents hold them. */
export const CurvePointsSchema = z.array(z.record(z.string(), z.number()));

/** What is known of a pretraining or of the fit of an autoencoder, beside its weights. */
export const LabelledTrainingSchema = z.strictObject({
  steps: z.int(),
  quarantined: z.int(),
  points: CurvePointsSchema,
});

export interface Finished<Name extends string, Document> {
  /** The document itself. */
  readonly curve: ArtefactRef;
  readonly document: Document;
  readonly made: Readonly<Record<Name, ArtefactRef>>;
}

/**
 * The training when it is complete.
 * @param made keys of its files by name
 */
export async function findFinished<Name extends string, Schema extends z.ZodType>(
  context: ActivityContext,
  { key, schema }: { readonly key: string; readonly schema: Schema },
  made: Readonly<Record<Name, string>>,
): Promise<Finished<Name, z.output<Schema>> | undefined> {
  const present = await findJson(context, key, schema);
  if (!present) return undefined;
  const found: Partial<Record<Name, ArtefactRef>> = {};
  for (const name of Object.keys(made) as Name[]) {
    const file = await findArtefact(context.store, made[name]);
    if (!file) return undefined;
    found[name] = file;
  }
  return {
    curve: present.reference,
    document: present.value,
    made: found as Readonly<Record<Name, ArtefactRef>>,
  };
}
