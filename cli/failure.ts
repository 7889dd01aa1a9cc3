/** What a failed command says and which exit code it leaves (interface.md). */
import { CommanderError } from 'commander';
import { z } from 'zod';
import { domainErrorOf, type ErrorCode, exitCodeOf } from '../ground/errors.ts';

export interface Failure {
  readonly exitCode: number;
  readonly code: ErrorCode | 'RunFailed' | 'Usage' | 'Unexpected';
  readonly message: string;
}

/** A command that did its work and has to leave another exit code than 0, having said why already. */
export class FinishedWith extends Error {
  readonly exitCode: 1 | 2 | 3 | 4;
  constructor(exitCode: 1 | 2 | 3 | 4) {
    super(`finished with exit code ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** A run that ended without a result. */
export class RunFailed extends Error {
  constructor(run: string, reason: string) {
    super(`The run ${run} ended without a result: ${reason}`);
    this.name = 'RunFailed';
  }
}

/**
 * The failure that an error stands for; undefined where commander has printed what was asked for (help, version).
 * @param file named where a file system error does not say which one it was: reading an open one does not.
 */
export function failureOf(error: unknown, file?: string): Failure | undefined {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return undefined;
    if (error.code === 'commander.help') {
      return { exitCode: 2, code: 'Usage', message: 'name one of the commands above.' };
    }
    return { exitCode: 2, code: 'Usage', message: error.message.replace(/^error: /, '') };
  }
  const known = domainErrorOf(error);
  if (known) return { exitCode: exitCodeOf(known.code), code: known.code, message: known.message };
  if (error instanceof RunFailed) return { exitCode: 1, code: 'RunFailed', message: error.message };
  if (error instanceof z.ZodError) {
    return { exitCode: 2, code: 'ConfigInvalid', message: z.prettifyError(error) };
  }
  const found = error as NodeJS.ErrnoException;
  const path = found?.path ?? file;
  if (typeof found?.code === 'string' && path !== undefined && fileProblems[found.code]) {
    return { exitCode: 3, code: 'DatasetInvalid', message: `${path}: ${fileProblems[found.code]}` };
  }
  return { exitCode: 1, code: 'Unexpected', message: found?.stack ?? String(error) };
}

const fileProblems: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder. Check the path.',
  EACCES: 'this user may not read or write here. Change the permissions or choose another place.',
  EISDIR: 'a file was expected, this is a folder.',
  ENOTDIR: 'a folder was expected, this is a file.',
};
