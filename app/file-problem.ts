/** A file that could not be used while the others were, and why. */
import { domainErrorOf, isRetryable } from '../ground/errors.ts';

export interface FileProblem {
  readonly file: string;
  readonly code: string;
  readonly message: string;
}

/** What the file system's own codes mean to the person who named the path. */
const accessProblems: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder. Check the path.',
  EACCES: 'this user may not read or write here. Change the permissions or choose another place.',
  EPERM: 'this user may not do that here. Change the permissions or choose another place.',
  EROFS: 'this disk can be read alone. Choose another place.',
  EEXIST: 'something else of this name is there already. Choose another name, or take it away.',
  EISDIR: 'a file was expected, this is a folder.',
  ENOTDIR: 'a folder was expected, this is a file.',
  ENAMETOOLONG: 'the name is longer than this disk allows. Choose a shorter one.',
};

/** The meaning of a code; of a rare one, whatever the system calls it, where it is about a path. */
function meaningOf({ code, errno, path, syscall }: Partial<NodeJS.ErrnoException>): string | undefined {
  const known = accessProblems[code ?? ''];
  if (known !== undefined || path === undefined || errno === undefined) return known;
  return `the system refuses this (${syscall}: ${code}). Check the disk, or choose another place.`;
}

/**
 * The problem that an error of the file system stands for; undefined where it is another kind of error.
 * @param file named where the error does not say which one it was: reading an open one does not.
 */
export function accessProblemOf(error: unknown, file?: string): FileProblem | undefined {
  const found = error as Partial<NodeJS.ErrnoException> | undefined;
  const path = found?.path ?? file;
  const meaning = found && meaningOf(found);
  if (path === undefined || meaning === undefined) return undefined;
  return {
    file: path,
    code: 'DatasetInvalid',
    message: `${path === '' ? 'an empty path' : path}: ${meaning}`,
  };
}

/**
 * What is wrong with the file.
 * @throws the error itself where no other file would fare better: a service away, a disk full, access refused.
 */
export function problemOf(file: string, error: unknown): FileProblem {
  const known = domainErrorOf(error);
  if (known && (isRetryable(known.code) || known.code === 'AccessDenied')) throw known;
  if (known) return { file, code: known.code, message: known.message };
  const access = accessProblemOf(error, file);
  if (access) return { ...access, file };
  return { file, code: 'Unexpected', message: (error as Error | undefined)?.stack ?? String(error) };
}

/** The message with the file's name in front, once. */
export function problemText({ file, message }: FileProblem): string {
  return message.startsWith(file) ? message : `${file}: ${message}`;
}
