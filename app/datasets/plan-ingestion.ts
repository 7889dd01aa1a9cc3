/** From paths that a person named to a plan: folders are walked, small tables read, nothing is decoded. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FolderListing, IngestPlan } from '../../datasets/collections/plan.ts';
import { planFolder } from '../../datasets/collections/plan-folder.ts';
import { videoFormats } from '../../datasets/read-video.ts';
import { DomainError } from '../../ground/errors.ts';

export interface IngestPaths {
  readonly paths: readonly string[];
  /** Folder of masks. */
  readonly labels?: string | undefined;
  /** CSV file of patients, views, splits, masks. */
  readonly table?: string | undefined;
}

/** Larger tables are no tables of videos. */
const largestText = 256 * 1024 ** 2;

/** All files in the folder, at any depth, in name order; those that begin with a dot are left out. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...(await filesIn(path)));
    else found.push(path);
  }
  return found;
}

async function readText(file: string): Promise<string> {
  const { size } = await stat(file);
  if (size <= largestText) return readFile(file, 'utf8');
  throw new DomainError(
    'LimitExceeded',
    `${file}: expected a table of at most ${largestText} bytes, found ${size}. Leave out what is not needed.`,
  );
}

/**
 * What the paths hold: videos, their masks, patients and splits, and what is skipped.
 * @throws DatasetInvalid when there is no video, or a table cannot be used
 */
export async function planIngestion({ paths, labels, table }: IngestPaths): Promise<IngestPlan> {
  const files: string[] = [];
  const named = new Set<string>();
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory()) {
      files.push(...(await filesIn(path)));
      continue;
    }
    // Whatever cannot be looked at stays in the list: reading it says why, beside the others' problems.
    files.push(path);
    named.add(path);
  }
  const listing: FolderListing = { files: [...new Set(files)], readText };
  const plan = await planFolder(listing, {
    named,
    masks: labels === undefined ? undefined : await filesIn(labels),
    table: table === undefined ? undefined : { file: table, text: await readText(table) },
  });
  if (plan.videos.length > 0) return plan;
  const skipped = plan.skipped.slice(0, 3).map(({ file, reason }) => ` ${file}: ${reason}.`);
  throw new DomainError(
    'DatasetInvalid',
    `No video was found in ${paths.join(', ')}: expected ${videoFormats.join(', ')}, or DICOM files without an ending.${skipped.join('')}`,
  );
}
