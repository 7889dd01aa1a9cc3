/** A file that could not be used while the others were, and why. */
import { DomainError } from '../contracts/errors.ts';
import { failureOf } from './failure.ts';

export interface FileProblem {
  readonly file: string;
  readonly code: string;
  readonly message: string;
}

export function problemOf(file: string, error: unknown): FileProblem {
  if (error instanceof DomainError) return { file, code: error.code, message: error.message };
  const failure = failureOf(error);
  return { file, code: failure?.code ?? 'Unexpected', message: failure?.message ?? String(error) };
}

/** The message with the file's name in front, once. */
export function problemText({ file, message }: FileProblem): string {
  return message.startsWith(file) ? message : `${file}: ${message}`;
}
