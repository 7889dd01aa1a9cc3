/** From paths that a person named to a plan: folders are listed, small tables read, nothing is decoded. */
import type { IngestPlan } from '../../datasets/collections/plan.ts';
import { planFolder } from '../../datasets/collections/plan-folder.ts';
import { videoFormats } from '../../datasets/read-video.ts';
import { DomainError } from '../../ground/errors.ts';
import { localFiles, type SourceFile, type SourceFiles } from './source-files.ts';

export interface IngestPaths {
  /** Files and folders, or `s3://bucket/prefix`. */
  readonly paths: readonly string[];
  /** Folder of masks. */
  readonly labels?: string | undefined;
  /** CSV file of patients, views, splits, masks. */
  readonly table?: string | undefined;
}

/** Larger tables are no tables of videos. */
const largestText = 256 * 1024 ** 2;

export interface ListedPlan {
  readonly plan: IngestPlan;
  /** Every file below the paths and the folder of masks. */
  readonly files: readonly SourceFile[];
}

/**
 * What the paths hold as they are now, also when that is nothing.
 * @throws DatasetInvalid when a table cannot be used
 */
export async function planListed(
  { paths, labels, table }: IngestPaths,
  sources: SourceFiles,
): Promise<ListedPlan> {
  const readText = async (file: string): Promise<string> => {
    const bytes = await sources.read(file);
    if (bytes.length <= largestText) return Buffer.from(bytes).toString('utf8');
    throw new DomainError(
      'LimitExceeded',
      `${file}: expected a table of at most ${largestText} bytes, found ${bytes.length}. Leave out what is not needed.`,
    );
  };
  const found = new Map<string, SourceFile>();
  const named = new Set<string>();
  for (const path of paths) {
    const files = await sources.list(path);
    if (files.length === 1 && files[0]!.path === path) named.add(path);
    for (const file of files) found.set(file.path, file);
  }
  const masks = labels === undefined ? undefined : await sources.list(labels);
  const plan = await planFolder(
    { files: [...found.keys()], readText },
    {
      named,
      masks: masks?.map(({ path }) => path),
      table: table === undefined ? undefined : { file: table, text: await readText(table) },
    },
  );
  return { plan, files: [...found.values(), ...(masks ?? [])] };
}

/**
 * What the paths hold: videos, their masks, patients and splits, and what is skipped.
 * @throws DatasetInvalid when there is no video, or a table cannot be used
 */
export async function planIngestion(
  request: IngestPaths,
  sources: SourceFiles = localFiles,
): Promise<IngestPlan> {
  const { plan } = await planListed(request, sources);
  if (plan.videos.length > 0) return plan;
  const skipped = plan.skipped.slice(0, 3).map(({ file, reason }) => ` ${file}: ${reason}.`);
  throw new DomainError(
    'DatasetInvalid',
    `No video was found in ${request.paths.join(', ')}: expected ${videoFormats.join(', ')}, or DICOM files without an ending.${skipped.join('')}`,
  );
}
