/**
 * JSON documents that say by themselves whether they are whole: the last field is the SHA-256 of the rest. What points
 * at artefacts (records, pointers) has no record of its own, and one changed byte in a digest would still be a digest.
 */
import { createHash } from 'node:crypto';

const SEAL = 'sha256OfTheRest';

/** The document as bytes, with its seal. */
export function sealJson(value: Readonly<Record<string, unknown>>): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify({ ...value, [SEAL]: sealOf(value) }, null, 2)}\n`);
}

/**
 * The document without its seal; undefined when it is not whole. Documents from before there were seals are taken as
 * they are.
 */
export function openSealedJson(bytes: Uint8Array): unknown {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
  if (typeof document !== 'object' || document === null || !(SEAL in document)) return document;
  const { [SEAL]: seal, ...rest } = document;
  return seal === sealOf(rest) ? rest : undefined;
}

function sealOf(value: Readonly<Record<string, unknown>>): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
