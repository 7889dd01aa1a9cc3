/** Study and view of the videos that are scored, from a dataset's manifest. */
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { DomainError } from '../../contracts/errors.ts';
import { type ManifestRow, parseManifest } from '../../datasets/manifest.ts';
import type { EvaluationFolders } from './pair-files.ts';

/**
 * Rows by video id: of the file that was named, otherwise of the first manifest.csv in the folder of references or of
 * predictions or in the folder around it. Empty when there is none.
 * @throws DatasetInvalid when the manifest is not one, and what reading a named file throws.
 */
export async function findManifest(
  folders: EvaluationFolders,
  named: string | undefined,
): Promise<ReadonlyMap<string, ManifestRow>> {
  const beside = [folders.references, folders.predictions].flatMap((folder) =>
    folder === undefined ? [] : [resolve(folder), dirname(resolve(folder))],
  );
  const files = named === undefined ? beside.map((folder) => join(folder, 'manifest.csv')) : [named];
  for (const file of files) {
    const text = await readText(file, named !== undefined);
    if (text === undefined) continue;
    try {
      return new Map(parseManifest(text).map((row) => [row.id, row]));
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      throw new DomainError(error.code, `${file}: ${error.message}`);
    }
  }
  return new Map();
}

async function readText(file: string, required: boolean): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    // Of a path that is no folder, whoever lists the folder says so.
    const code = (error as NodeJS.ErrnoException).code;
    if (!required && (code === 'ENOENT' || code === 'ENOTDIR')) return undefined;
    throw error;
  }
}
