/**
 * Paths that a command line names, looked for before anything slow or remote is asked: a typing error is answered at
 * once.
 */
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { DomainError } from '../ground/errors.ts';

/**
 * @param code DatasetInvalid for data, ArtefactMissing for checkpoints.
 * @param hint what may be named here, or what to do.
 * @throws DomainError naming every path where nothing is.
 */
export async function requirePaths(
  paths: readonly string[],
  code: 'DatasetInvalid' | 'ArtefactMissing',
  hint: string,
): Promise<void> {
  const missing: string[] = [];
  for (const path of new Set(paths)) {
    const found = await stat(path).catch((error: NodeJS.ErrnoException) => error.code);
    // Whatever else keeps a path from being looked at is said by whoever reads it.
    if (found === 'ENOENT' || found === 'ENOTDIR') missing.push(path);
  }
  if (missing.length === 0) return;
  throw new DomainError(code, `${missing.join(', ')}: there is no such file or folder. ${hint}`);
}

/**
 * Of a file that is to be written, before the work that makes it.
 * @throws DomainError DatasetInvalid naming its folder where that is not there.
 */
export async function requireFolderOf(file: string): Promise<void> {
  await requirePaths(
    [dirname(resolve(file))],
    'DatasetInvalid',
    'Make the folder first, or name a file in one that is there.',
  );
}
