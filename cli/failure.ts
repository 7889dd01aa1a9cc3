/** What a failed command says and which exit code it leaves (interface.md). */
import { CommanderError } from 'commander';
import { z } from 'zod';
import { accessProblemOf } from '../app/file-problem.ts';
import { RunFailed } from '../app/runs/run-failed.ts';
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

/** The failure that an error stands for; undefined where commander has printed what was asked for (help, version). */
export function failureOf(error: unknown): Failure | undefined {
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
  const access = accessProblemOf(error);
  if (access) return { exitCode: 3, code: 'DatasetInvalid', message: access.message };
  return { exitCode: 1, code: 'Unexpected', message: (error as Error | undefined)?.stack ?? String(error) };
}
