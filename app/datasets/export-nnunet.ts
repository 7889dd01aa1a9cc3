/**
 * A dataset as a folder that nnU-Net v2 trains on: what compared systems train on (annotated videos of the training
 * split) in imagesTr and labelsTr, the videos that they are tested on in imagesTs, without their references.
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { type CaseFacts, formatNnUNetDataset } from '../../datasets/collections/nnunet-json.ts';
import { storedBits } from '../../datasets/grey-scaling.ts';
import { type ManifestRow, parseManifest } from '../../datasets/manifest.ts';
import {
  readGreyNifti,
  readReference,
  type TargetGrid,
  writeGreyNifti,
  writeLabelNifti,
} from '../../datasets/nifti.ts';
import type { DatasetSource } from '../../datasets/verify.ts';
import type { RecordedVideo } from '../../datasets/video-facts.ts';
import { type Annotation, labelSetOf, withIgnored } from '../../exports/nnunet/case-labels.ts';
import { nnunetLayout } from '../../exports/nnunet/case-layout.ts';
import { counted } from '../../ground/counted.ts';
import { DomainError } from '../../ground/errors.ts';
import { withStatedAnnotation } from '../../imaging/annotation.ts';
import { geometryOf, type LabelVideo } from '../../imaging/image.ts';
import type { ObjectStore } from '../../storage/store.ts';
import { unfinishedFileOf, writeWholeFile } from '../../storage/whole-file.ts';
import { type FileProblem, problemOf } from '../file-problem.ts';
import { namedSource } from './verify-named.ts';

export interface NnUNetExportRequest {
  /** Names of datasets in the store, or folders in dataset layout. */
  readonly training: string;
  readonly test: string;
  /** The folder DatasetNNN_Name. */
  readonly out: string;
}

export interface NnUNetExport {
  readonly training: number;
  readonly test: number;
  readonly labels: Readonly<Record<string, number>>;
  /** Videos that could not be read, and are left out. */
  readonly problems: readonly FileProblem[];
}

type Folder = 'imagesTr' | 'imagesTs' | 'labelsTr';

const imageName = (id: string) => `${id}_0000.nii.gz`;
const maskName = (id: string) => `${id}.nii.gz`;

/** The part of an export that is the same for all videos. */
interface Export {
  readonly out: string;
  readonly onDone: () => void;
  readonly problems: FileProblem[];
  readonly cases: Record<string, CaseFacts>;
}

/** What of a training video is needed for its mask, once all are known. */
interface TrainingCase {
  readonly row: ManifestRow;
  readonly grid: TargetGrid;
  readonly annotation: Annotation;
}

/**
 * The same datasets give the same bytes, so an export that was ended is made anew by the same command; dataset.json
 * comes last.
 * @param onDone told of every video
 * @throws ConfigInvalid for a folder that nnU-Net would not find; DatasetInvalid without a dataset, a training video or
 * where the folder holds other cases; StorageUnavailable, DiskFull
 */
export async function exportNnUNet(
  { training, test, out }: NnUNetExportRequest,
  openStore: () => Promise<ObjectStore>,
  onDone: (done: number, total: number) => void = () => {},
): Promise<NnUNetExport> {
  const name = checkedFolder(out);
  const trainingSource = await namedSource(training, openStore);
  const testSource = await namedSource(test, openStore);
  const trainingRows = await trainingRowsOf(trainingSource, training);
  const testRows = (await rowsOf(testSource, test)).filter(({ split }) => split === 'test');
  await prepareFolders(out, {
    imagesTr: trainingRows.map(({ id }) => imageName(id)),
    labelsTr: trainingRows.map(({ id }) => maskName(id)),
    imagesTs: testRows.map(({ id }) => imageName(id)),
  });
  let done = 0;
  const total = trainingRows.length + testRows.length;
  const problems: FileProblem[] = [];
  const cases: Record<string, CaseFacts> = {};
  const exported = { out, problems, cases, onDone: () => onDone(++done, total) };
  const trained = await writeTraining(trainingSource, trainingRows, exported);
  if (trained.cases === 0) {
    const first = problems[0]?.message;
    throw new DomainError('DatasetInvalid', `No training video of ${training} can be used. ${first}`);
  }
  const tested = await writeTest(testSource, testRows, exported);
  const json = formatNnUNetDataset({ name, labels: trained.labels, trainingCases: trained.cases, cases });
  await writeWholeFile(join(out, 'dataset.json'), json);
  return { training: trained.cases, test: tested, labels: trained.labels, problems };
}

function checkedFolder(out: string): string {
  const name = basename(resolve(out));
  if (/^Dataset\d{3}_[A-Za-z0-9][A-Za-z0-9_-]*$/.test(name)) return name;
  throw new DomainError(
    'ConfigInvalid',
    `${out}: expected a folder that nnU-Net finds by its number, such as nnUNet_raw/Dataset101_Echo, found ${name}.`,
  );
}

async function rowsOf(source: DatasetSource, named: string): Promise<ManifestRow[]> {
  const manifest = await source.read('manifest.csv');
  if (manifest) return parseManifest(Buffer.from(manifest).toString('utf8'));
  throw new DomainError(
    'DatasetInvalid',
    `There is no dataset ${named}: expected the name of one in the store or a folder with manifest.csv. Bring videos in with \`npx echoloop ingest\`.`,
  );
}

async function trainingRowsOf(source: DatasetSource, named: string): Promise<ManifestRow[]> {
  const rows = await rowsOf(source, named);
  const training = rows.filter(({ labelled, split }) => labelled && split === 'train');
  if (training.length > 0) return training;
  throw new DomainError(
    'DatasetInvalid',
    `The dataset ${named} has no annotated video in its training split (${counted(rows.length, 'row')} in its manifest), so there is nothing to train on.`,
  );
}

/** @throws DatasetInvalid for files of another dataset, which nnU-Net would train on or stumble over */
async function prepareFolders(out: string, names: Readonly<Record<Folder, string[]>>): Promise<void> {
  for (const [folder, expected] of Object.entries(names)) {
    const path = join(out, folder);
    await mkdir(path, { recursive: true });
    const ours = new Set(expected);
    for (const file of await readdir(path)) {
      const unfinished = unfinishedFileOf(file);
      if (unfinished !== undefined && ours.has(unfinished)) await rm(join(path, file));
      else if (!ours.has(file)) {
        throw new DomainError(
          'DatasetInvalid',
          `${join(path, file)} is no case of this export. Choose another --out, or take the folder away.`,
        );
      }
    }
  }
  // Until all is there again, it is no dataset.
  await rm(join(out, 'dataset.json'), { force: true });
}

async function readVideoOf(source: DatasetSource, id: string): Promise<RecordedVideo> {
  const path = `videos/${id}.nii.gz`;
  return readGreyNifti(await requireFile(source, path), path);
}

async function readReferenceOf(
  source: DatasetSource,
  row: ManifestRow,
  grid: TargetGrid,
): Promise<LabelVideo> {
  const path = `labels/${row.id}.nii.gz`;
  return withStatedAnnotation(readReference(await requireFile(source, path), path, grid), knownOf(row));
}

async function requireFile(source: DatasetSource, path: string): Promise<Uint8Array> {
  const bytes = await source.read(path);
  if (bytes) return bytes;
  throw new DomainError(
    'DatasetInvalid',
    `expected the file ${path}, which the manifest names, found none. Copy it there, or import the video again.`,
  );
}

interface Known {
  readonly annotatedFrames?: readonly number[] | undefined;
  readonly annotatedLabels?: readonly number[] | undefined;
}

/** What a reference knows, where that is not all. */
function knownOf({ annotatedFrames, annotatedLabels }: Known) {
  return {
    ...(annotatedFrames && { annotatedFrames: [...annotatedFrames] }),
    ...(annotatedLabels && { annotatedLabels: [...annotatedLabels] }),
  };
}

/** Images first, because what all references know decides how each mask is written. */
async function writeTraining(
  source: DatasetSource,
  rows: readonly ManifestRow[],
  exported: Export,
): Promise<{ cases: number; labels: Readonly<Record<string, number>> }> {
  const known: TrainingCase[] = [];
  for (const row of rows) {
    const found = await unlessBad(row, exported, async () => {
      const video = await readVideoOf(source, row.id);
      const annotation = { frames: video.frames, ...knownOf(await readReferenceOf(source, row, video)) };
      return { video, annotation };
    });
    if (found) {
      const { video, annotation } = found;
      await writeImage(video, row, 'imagesTr', annotation, exported);
      known.push({ row, grid: { ...geometryOf(video), layout: video.layout }, annotation });
    } else {
      await rm(join(exported.out, 'imagesTr', imageName(row.id)), { force: true });
      await rm(join(exported.out, 'labelsTr', maskName(row.id)), { force: true });
    }
    exported.onDone();
  }
  const set = labelSetOf(known.map(({ annotation }) => annotation));
  for (const { row, grid } of known) {
    const mask = withIgnored(await readReferenceOf(source, row, grid), set);
    const file = join(exported.out, 'labelsTr', maskName(row.id));
    await writeWholeFile(file, writeLabelNifti(mask, nnunetLayout(grid)));
  }
  return { cases: known.length, labels: set.labels };
}

async function writeTest(
  source: DatasetSource,
  rows: readonly ManifestRow[],
  exported: Export,
): Promise<number> {
  let written = 0;
  for (const row of rows) {
    const video = await unlessBad(row, exported, () => readVideoOf(source, row.id));
    if (video) {
      await writeImage(video, row, 'imagesTs', {}, exported);
      written++;
    } else await rm(join(exported.out, 'imagesTs', imageName(row.id)), { force: true });
    exported.onDone();
  }
  return written;
}

/** Undefined for a video that is bad itself, which is then listed. */
async function unlessBad<Found>(
  { id }: ManifestRow,
  { problems }: Export,
  read: () => Promise<Found>,
): Promise<Found | undefined> {
  try {
    return await read();
  } catch (error) {
    problems.push(problemOf(id, error));
    return undefined;
  }
}

async function writeImage(
  video: RecordedVideo,
  { id, study, view }: ManifestRow,
  folder: Folder,
  known: Known,
  { out, cases }: Export,
): Promise<void> {
  const depth = storedBits(video.facts) === 16 ? 'uint16' : 'uint8';
  const name = imageName(id);
  await writeWholeFile(join(out, folder, name), writeGreyNifti(video, depth, nnunetLayout(video)));
  cases[`${folder}/${name}`] = {
    study,
    view,
    frameTimeMs: video.frameTimeMs,
    ...knownOf(known),
  };
}
