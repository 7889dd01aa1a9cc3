/**
 * What a folder is taken for, and what a person adds to it: a folder of masks, a table of patients, views, splits and
 * masks.
 */
import { DomainError } from '../../ground/errors.ts';
import { parseTable } from '../csv.ts';
import { ManifestRowSchema, parseAnnotated } from '../manifest.ts';
import { isCamus, planCamus } from './camus.ts';
import { isEchoNet, planEchoNet } from './echonet.ts';
import { planLooseFiles } from './loose-files.ts';
import { baseName, folderOf, isNamedAsMask, maskEnding, pairingKey } from './names.ts';
import { isNnUNet, planNnUNet } from './nnunet.ts';
import { isOwnDataset, planOwnDataset } from './own-dataset.ts';
import type { FolderListing, IngestPlan, PlannedVideo, SkippedFile } from './plan.ts';

export interface PlanRequest {
  /** Files that a person named one by one: videos, whatever their name. */
  readonly named: ReadonlySet<string>;
  /** Files of the folder of masks that was named. */
  readonly masks?: readonly string[] | undefined;
  /** A table with the column `file`, and any of patient, view, split, labels, annotatedFrames, annotatedLabels. */
  readonly table?: { readonly file: string; readonly text: string } | undefined;
}

/** The layouts that are known, each with how it is recognised; loose files are what is left. */
const collections = [
  { recognises: isOwnDataset, plan: planOwnDataset },
  { recognises: isCamus, plan: planCamus },
  { recognises: isEchoNet, plan: planEchoNet },
  { recognises: isNnUNet, plan: planNnUNet },
] as const;

/**
 * Which files are read as what. A video is never its own mask.
 * @throws DatasetInvalid for a table or manifest that cannot be read, or names files that are not there
 */
export async function planFolder(listing: FolderListing, request: PlanRequest): Promise<IngestPlan> {
  const masks = request.masks && masksAmong(request.masks, listing.files);
  const withoutMasks = masks === undefined ? listing : without(listing, new Set(masks));
  const known = collections.find(({ recognises }) => recognises(withoutMasks));
  const plan =
    known === undefined ? planLooseFiles(withoutMasks, request.named) : await known.plan(withoutMasks);
  const labelled = masks === undefined ? plan : withMaskFolder(plan, masks);
  return request.table === undefined ? labelled : withTable(labelled, request.table, listing.files);
}

/** Where masks and videos lie in one folder, masks are the files that are named so. */
function masksAmong(masks: readonly string[], files: readonly string[]): string[] {
  const present = new Set(files);
  const candidates = masks.filter((file) => maskEnding.test(file));
  const isMixed = candidates.some((file) => present.has(file) && isNamedAsMask(file));
  return isMixed ? candidates.filter(isNamedAsMask) : candidates;
}

function without(listing: FolderListing, files: ReadonlySet<string>): FolderListing {
  return { ...listing, files: listing.files.filter((file) => !files.has(file)) };
}

/** Files that share a name; exports have the same names in the folder of each patient. */
class Namesakes {
  readonly #files = new Map<string, string[]>();

  constructor(files: readonly string[]) {
    for (const file of files) {
      for (const key of [pairingKey(file), keyInFolder(file)]) {
        const known = this.#files.get(key);
        if (known) known.push(file);
        else this.#files.set(key, [file]);
      }
    }
  }

  of(key: string): readonly string[] {
    return this.#files.get(key) ?? [];
  }
}

/** A slash is in no key of a name alone. */
function keyInFolder(file: string): string {
  return `${baseName(folderOf(file))}/${pairingKey(file)}`;
}

/**
 * The mask of a video, by its name; where masks or videos share it, also by the folder that they lie in, which then
 * has to hold one of each.
 */
function maskOf({ file, name }: PlannedVideo, masks: Namesakes, videos: Namesakes): string | undefined {
  const key = masks.of(pairingKey(file)).length > 0 ? pairingKey(file) : name;
  if (masks.of(key).length === 1 && videos.of(key).length <= 1) return masks.of(key)[0];
  const inFolder = keyInFolder(file);
  const isAlone = masks.of(inFolder).length === 1 && videos.of(inFolder).length === 1;
  return isAlone ? masks.of(inFolder)[0] : undefined;
}

function withMaskFolder(plan: IngestPlan, maskFiles: readonly string[]): IngestPlan {
  const masks = new Namesakes(maskFiles);
  const namesakes = new Namesakes(plan.videos.map(({ file }) => file));
  const paired = new Set<string>();
  const videos = plan.videos.map((video) => {
    const mask = maskOf(video, masks, namesakes);
    if (mask === undefined || mask === video.file) return video;
    paired.add(mask);
    return { ...video, labels: { kind: 'mask' as const, file: mask } };
  });
  const unpaired = maskFiles.filter((file) => !paired.has(file));
  const left = unpaired.map((file): SkippedFile => {
    const key = pairingKey(file);
    const isShared = masks.of(key).length > 1 || namesakes.of(key).length > 1;
    const reason = isShared
      ? 'a mask of a name that several files have, and its folder does not tell of which video: name it in --table'
      : 'a mask without its video';
    return { file, reason };
  });
  return { ...plan, videos, skipped: [...plan.skipped, ...left] };
}

const TableEntrySchema = ManifestRowSchema.pick({
  view: true,
  split: true,
  annotatedFrames: true,
  annotatedLabels: true,
}).partial();

function tableEntry(
  row: Record<string, string>,
  files: readonly string[],
  table: string,
): Partial<PlannedVideo> {
  const { patient = row.study, view, split, labels } = row;
  const stated = TableEntrySchema.safeParse({
    view: view?.toLowerCase() || undefined,
    split: split?.toLowerCase() || undefined,
    annotatedFrames: parseAnnotated(row.annotatedFrames),
    annotatedLabels: parseAnnotated(row.annotatedLabels),
  });
  if (!stated.success) {
    const wrong = stated.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
    throw new DomainError('DatasetInvalid', `${table}: the row of ${row.file}: ${wrong}. Correct it.`);
  }
  const entry = Object.entries(stated.data).filter(([, value]) => value !== undefined);
  return {
    ...(patient && { patient }),
    ...Object.fromEntries(entry),
    ...(labels && { labels: { kind: 'mask', file: fileNamed(labels, files, table) } }),
  };
}

/** The file that a table means. @throws DatasetInvalid when there is none, or several end in the name */
function fileNamed(name: string, files: readonly string[], table: string): string {
  const wanted = name.replaceAll('\\', '/');
  if (files.includes(wanted)) return wanted;
  const [found, other] = files.filter((file) => file.endsWith(`/${wanted}`));
  if (found !== undefined && other === undefined) return found;
  const problem =
    found === undefined
      ? `expected the name of a file that is there, found ${name}`
      : `expected the name of one file, found ${name}, which is ${found} and ${other}`;
  throw new DomainError(
    'DatasetInvalid',
    `${table}: ${problem}. Write names as they lie in the folder, with as much of the path as tells them apart.`,
  );
}

/** Masks that the table names are no videos, whatever the folder made of them. */
function withTable(
  plan: IngestPlan,
  table: { file: string; text: string },
  files: readonly string[],
): IngestPlan {
  const name = baseName(table.file);
  const entries = new Map<string, Partial<PlannedVideo>>();
  const masks = new Set<string>();
  for (const row of parseTable(table.text, ['file'], name)) {
    const file = fileNamed(row.file!, files, name);
    if (entries.has(file)) {
      throw new DomainError(
        'DatasetInvalid',
        `${name}: expected one row for each file, found two of ${row.file}. Leave one out.`,
      );
    }
    const entry = tableEntry(row, files, name);
    entries.set(file, entry);
    if (entry.labels?.kind === 'mask') masks.add(entry.labels.file);
  }
  const videos = plan.videos
    .filter(({ file }) => !masks.has(file))
    .map((video) => ({ ...video, ...entries.get(video.file) }));
  const skipped = plan.skipped.filter(({ file }) => !masks.has(file) && file !== table.file);
  return { ...plan, videos, skipped };
}
