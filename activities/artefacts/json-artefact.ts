/** Artefacts that are JSON documents. */
import type { z } from 'zod';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import { DomainError } from '../../ground/errors.ts';
import { findArtefact, findMadeFrom, readArtefact, writeArtefact } from '../../storage/artefacts.ts';
import { type ActivityContext, originOf } from '../context.ts';

/** Stores a value; the same value gives the same bytes. */
export function writeJson(
  context: ActivityContext,
  key: string,
  value: unknown,
  inputs: readonly ArtefactRef[],
): Promise<ArtefactRef> {
  const bytes = new TextEncoder().encode(`${JSON.stringify(value)}\n`);
  return writeArtefact(context.store, key, bytes, originOf(context, inputs, 'application/json'));
}

/**
 * Stores a value that its inputs do not decide, such as a time that was taken.
 * @returns what is stored: of two writers, one of whom was thought dead, the first one's value holds for both.
 */
export async function writeFirstJson<Schema extends z.ZodType>(
  context: ActivityContext,
  { key, schema }: { readonly key: string; readonly schema: Schema },
  value: z.input<Schema>,
  inputs: readonly ArtefactRef[],
): Promise<{ reference: ArtefactRef; value: z.output<Schema> }> {
  const reference = await writeJson({ ...context, firstHolds: true }, key, value, inputs);
  return { reference, value: await readJson(context, reference, schema) };
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

/** The same of a document that was made from just these inputs; see findMadeFrom. */
export async function findJsonMadeFrom<Schema extends z.ZodType>(
  context: ActivityContext,
  { key, schema }: { readonly key: string; readonly schema: Schema },
  inputs: readonly ArtefactRef[],
): Promise<z.output<Schema> | undefined> {
  const reference = await findMadeFrom(context.store, key, inputs);
  return reference && readJson(context, reference, schema);
}
