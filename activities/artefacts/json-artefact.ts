/** Artefacts that are JSON documents. */
import type { z } from 'zod';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import { DomainError } from '../../ground/errors.ts';
import { findArtefact, readArtefact, writeArtefact } from '../../storage/artefacts.ts';
import type { ActivityContext } from '../context.ts';

/** Stores a value; the same value gives the same bytes. */
export function writeJson(
  context: ActivityContext,
  key: string,
  value: unknown,
  inputs: readonly ArtefactRef[],
): Promise<ArtefactRef> {
  return writeArtefact(context.store, key, new TextEncoder().encode(`${JSON.stringify(value)}\n`), {
    inputs,
    codeVersion: context.codeVersion,
    mediaType: 'application/json',
  });
}

/** @throws DomainError CheckpointIncompatible when the document is not of the schema. */
export async function readJson<Schema extends z.ZodType>(
  context: ActivityContext,
  reference: ArtefactRef,
  schema: Schema,
): Promise<z.output<Schema>> {
  const parsed = schema.safeParse(
    JSON.parse(new TextDecoder().decode(await readArtefact(context.store, reference))),
  );
  if (parsed.success) return parsed.data;
  throw new DomainError(
    'CheckpointIncompatible',
    `${reference.key} is not of the form that this version reads: ${parsed.error.message}. Start a new run.`,
  );
}

/** The document with its reference when it is complete. */
export async function findJson<Schema extends z.ZodType>(
  context: ActivityContext,
  key: string,
  schema: Schema,
): Promise<{ reference: ArtefactRef; value: z.output<Schema> } | undefined> {
  const reference = await findArtefact(context.store, key);
  return reference && { reference, value: await readJson(context, reference, schema) };
}
