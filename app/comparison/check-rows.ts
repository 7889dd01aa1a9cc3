/** Rows as they are asked for, looked at before anything of them is stored. */
import { DomainError } from '../../ground/errors.ts';
import { requirePaths } from '../named-paths.ts';
import { isPath } from './hand-in.ts';
import type { RequestedRow } from './row-specs.ts';

type Given = 'masks' | 'references';

/** Folders that a system's rows are made of. */
const FOLDERS: Readonly<Record<string, readonly Given[]>> = {
  folder: ['masks'],
  'inter-expert': ['masks', 'references'],
};

/**
 * @throws DomainError ConfigInvalid for a row that lacks a folder or would be scored against other references than
 * those that it competes with; DatasetInvalid, ArtefactMissing naming every path that is not there.
 */
export async function checkRows(rows: readonly RequestedRow[]): Promise<void> {
  for (const row of rows) checkFolders(row);
  const folders = rows
    .flatMap(({ masks, references }) => [masks, references])
    .filter((path) => path !== undefined);
  await requirePaths(folders, 'DatasetInvalid', 'A row of masks names a folder of <video>.nii.gz.');
  const files = rows.flatMap(({ checkpoint, files }) => [
    ...(checkpoint === undefined ? [] : [checkpoint]),
    ...Object.values(files).filter(isPath),
  ]);
  await requirePaths(files, 'ArtefactMissing', 'A row names a file of weights.');
}

/**
 * Whether anything of the row is trained, for which there has to be a source: its model does not come along, and it is
 * no folder of masks. Prompts that are told the references need no policy.
 */
export function learnsFromSource({ masks, from, checkpoint, settings }: RequestedRow): boolean {
  return [masks, from, checkpoint].every((given) => given === undefined) && settings.prompts !== 'oracle';
}

function checkFolders(row: RequestedRow): void {
  const { name, system, references } = row;
  const needed = FOLDERS[system] ?? [];
  const absent = needed.filter((folder) => row[folder] === undefined);
  if (absent.length > 0) {
    throw new DomainError(
      'ConfigInvalid',
      `The row "${name}" of the system ${system} needs ${absent.map((folder) => `"${folder}"`).join(' and ')}: a folder with <video>.nii.gz for each test video.`,
    );
  }
  if (references === undefined || needed.includes('references')) return;
  throw new DomainError(
    'ConfigInvalid',
    `The row "${name}" has references of its own, but its system ${system} competes with the others, which are scored against those of the dataset. Leave "references" out, or make it a row of the system inter-expert.`,
  );
}
