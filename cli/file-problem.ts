/** A file that could not be used while the others were, and why. */
import { domainErrorOf, isRetryable } from '../ground/errors.ts';
import { failureOf } from './failure.ts';

export interface FileProblem {
  readonly file: string;
  readonly code: string;
  readonly message: string;
}

/**
 * What is wrong with the file.
 * @throws the error itself where no other file would fare better: a service away, a disk full, access refused.
 */
export function problemOf(file: string, error: unknown): FileProblem {
  const known = domainErrorOf(error);
  if (known && (isRetryable(known.code) || known.code === 'AccessDenied')) throw known;
  if (known) return { file, code: known.code, message: known.message };
  const failure = failureOf(error, file);
  return { file, code: failure?.code ?? 'Unexpected', message: failure?.message ?? String(error) };
}

/** The message with the file's name in front, once. */
export function problemText({ file, message }: FileProblem): string {
  return message.startsWith(file) ? message : `${file}: ${message}`;
}
