/** The video files that a person means by a list of files and folders. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '../../ground/errors.ts';

/** In a folder only these are taken for videos; DICOM files often have no ending at all. */
const videoEnding = /(\.nii|\.nii\.gz|\.dcm|\.dicom)$/i;
const anyEnding = /\.[A-Za-z][A-Za-z0-9]*$/;

/**
 * Files as given, and in folders (at any depth) those that may be videos, in name order.
 * @throws DomainError DatasetInvalid naming the paths when there is none.
 */
export async function findVideos(paths: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined);
    // Whatever cannot be looked at stays in the list: reading it says why, beside the others' problems.
    if (!found?.isDirectory()) files.push(path);
    else files.push(...(await videosIn(path)));
  }
  if (files.length > 0) return [...new Set(files)];
  throw new DomainError(
    'DatasetInvalid',
    `No video was found in ${paths.join(', ')}: expected files that end in .nii, .nii.gz, .dcm or have no ending (DICOM).`,
  );
}

async function videosIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.name.startsWith('.')) continue;
    if (entry.isDirectory()) found.push(...(await videosIn(path)));
    else if (videoEnding.test(entry.name) || !anyEnding.test(entry.name)) found.push(path);
  }
  return found;
}
