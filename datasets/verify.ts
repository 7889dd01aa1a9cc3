/**
 * Checks a dataset before hours of work depend on it: every file is opened, all problems are collected, none stops the
 * check. An error makes a video unusable; a warning is worth a look.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { counted } from '../ground/counted.ts';
import { DomainError, type ErrorCode } from '../ground/errors.ts';
import { LEFT_VENTRICLE, MYOCARDIUM } from '../ground/labels.ts';
import { annotatedFramesOf, annotatedLabelsOf } from '../imaging/annotation.ts';
import type { LabelVideo, VideoGeometry } from '../imaging/image.ts';
import { type ContentReason, checkContent, findingText } from './content.ts';
import { type ManifestRow, parseManifest } from './manifest.ts';
import { readGreyNifti, readReference } from './nifti.ts';
import type { RecordedVideo } from './video-facts.ts';

/** What can be wrong with a dataset beside the content of its videos. */
export const datasetReasons = ['manifest', 'missing', 'unreadable', 'geometry', 'labels'] as const;

export interface DatasetProblem {
  /** Video, or undefined for the dataset as a whole. */
  readonly id?: string;
  readonly severity: 'error' | 'warning';
  readonly reason: ContentReason | (typeof datasetReasons)[number];
  readonly code: ErrorCode;
  readonly message: string;
  /** Where they can be told apart. */
  readonly expected?: string;
  readonly found?: string;
}

type Finding = Omit<DatasetProblem, 'id'>;

/** Where the files of a dataset come from: a folder, or the object store. */
export interface DatasetSource {
  /** The bytes of a file, by its path in the dataset; undefined when it is not there. */
  read(path: string): Promise<Uint8Array | undefined>;
}

/** A dataset folder on disk. */
export function folderSource(directory: string): DatasetSource {
  return {
    async read(path) {
      try {
        return await readFile(join(directory, path));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
  };
}

interface Mismatch {
  readonly expected: string;
  readonly found: string;
  readonly advice: string;
}

function finding(
  severity: Finding['severity'],
  reason: Finding['reason'],
  code: ErrorCode,
  mismatch: Mismatch,
): Finding {
  const { expected, found } = mismatch;
  return { severity, reason, code, message: findingText(mismatch), expected, found };
}

function sameSpacing(a: VideoGeometry, b: VideoGeometry): boolean {
  return a.spacingMm.every((size, axis) => Math.abs(size - b.spacingMm[axis]!) <= 1e-4 * size);
}

function sameFrameTime(a: VideoGeometry, b: VideoGeometry): boolean {
  return a.frames === 1 || Math.abs(a.frameTimeMs - b.frameTimeMs) <= 1e-3 * a.frameTimeMs;
}

function sameSize(a: VideoGeometry, b: VideoGeometry): boolean {
  return a.frames === b.frames && a.rows === b.rows && a.columns === b.columns;
}

function describe({ frames, rows, columns, spacingMm, frameTimeMs }: VideoGeometry): string {
  return `${counted(frames, 'frame')} of ${rows} x ${columns} pixels of ${spacingMm[0]} x ${spacingMm[1]} mm, ${frameTimeMs} ms apart`;
}

/** What speaks against the content of a video, as problems of a dataset. */
function videoFindings(video: RecordedVideo): Finding[] {
  return checkContent(video).map(({ reason, severity, ...mismatch }) =>
    finding(severity, reason, 'DatasetInvalid', mismatch),
  );
}

/** Whether a segmentation fits its video, and whether what it says that it knows is in every frame that it says. */
function labelFindings(labels: LabelVideo, video: VideoGeometry): Finding[] {
  if (!sameSize(labels, video) || !sameSpacing(labels, video)) {
    return [
      finding('error', 'geometry', 'GeometryMismatch', {
        expected: `labels on the grid of the video, ${describe(video)}`,
        found: describe(labels),
        advice: 'Export both on one grid.',
      }),
    ];
  }
  const pixels = labels.rows * labels.columns;
  const outside = annotatedFramesOf(labels).filter((frame) => frame >= labels.frames);
  if (outside.length > 0) {
    return [
      finding('error', 'labels', 'DatasetInvalid', {
        expected: `annotated frames from 0 to ${labels.frames - 1}`,
        found: outside.join(', '),
        advice: 'Correct annotatedFrames in the manifest: frames are counted from 0.',
      }),
    ];
  }
  const structures = [
    [LEFT_VENTRICLE, 'left ventricle'],
    [MYOCARDIUM, 'myocardium'],
  ] as const;
  return structures
    .filter(([label]) => annotatedLabelsOf(labels).includes(label))
    .flatMap(([label, structure]) => {
      const empty = annotatedFramesOf(labels).filter(
        (frame) => !labels.labels.subarray(frame * pixels, (frame + 1) * pixels).includes(label),
      );
      if (empty.length === 0) return [];
      return [
        finding('warning', 'labels', 'DatasetInvalid', {
          expected: `the ${structure} in every annotated frame`,
          found: `none in ${empty.length} of ${annotatedFramesOf(labels).length}, the first is frame ${empty[0]}`,
          advice: 'Look at these frames, or leave them out of annotatedFrames in the manifest.',
        }),
      ];
    });
}

function statedGeometry(row: ManifestRow): VideoGeometry {
  const { frames, rows, columns, frameTimeMs } = row;
  return { frames, rows, columns, spacingMm: [row.spacingRowMm, row.spacingColumnMm], frameTimeMs };
}

function checkAgainstManifest(row: ManifestRow, video: VideoGeometry): Finding[] {
  const stated = statedGeometry(row);
  if (sameSize(stated, video) && sameSpacing(stated, video) && sameFrameTime(stated, video)) return [];
  return [
    finding('error', 'geometry', 'GeometryMismatch', {
      expected: `${describe(stated)}, as the manifest says`,
      found: describe(video),
      advice: 'Import the video again.',
    }),
  ];
}

/** The file decoded; a finding instead of an exception where that fails. What is not about the data goes on. */
async function readPart<Part>(
  source: DatasetSource,
  path: string,
  decode: (bytes: Uint8Array) => Part,
  findings: Finding[],
): Promise<Part | undefined> {
  const bytes = await source.read(path);
  if (bytes === undefined) {
    findings.push(
      finding('error', 'missing', 'DatasetInvalid', {
        expected: `the file ${path}, which the manifest names`,
        found: 'none',
        advice: 'Copy it there, or import the video again.',
      }),
    );
    return undefined;
  }
  try {
    return decode(bytes);
  } catch (failure) {
    if (!(failure instanceof DomainError)) throw failure;
    const { code, message } = failure;
    findings.push({ severity: 'error', reason: 'unreadable', code, message });
    return undefined;
  }
}

/** A video of a dataset as it was found, with what is wrong with it. */
export interface VerifiedVideo {
  readonly row: ManifestRow;
  /** Undefined where it cannot be read; pixels are the caller's for the time of the call. */
  readonly video: RecordedVideo | undefined;
  readonly labels: LabelVideo | undefined;
  readonly findings: readonly Finding[];
}

/** All that is wrong with one video and its reference. */
async function verifyVideo(source: DatasetSource, row: ManifestRow): Promise<VerifiedVideo> {
  const findings: Finding[] = [];
  const videoPath = `videos/${row.id}.nii.gz`;
  const video = await readPart(source, videoPath, (bytes) => readGreyNifti(bytes, videoPath), findings);
  if (video !== undefined) findings.push(...checkAgainstManifest(row, video), ...videoFindings(video));
  if (!row.labelled) return { row, video, labels: undefined, findings };
  const labelPath = `labels/${row.id}.nii.gz`;
  const { annotatedFrames, annotatedLabels } = row;
  const labels = await readPart(
    source,
    labelPath,
    (bytes) => ({
      ...readReference(bytes, labelPath, video ?? statedGeometry(row)),
      ...(annotatedFrames && { annotatedFrames }),
      ...(annotatedLabels && { annotatedLabels }),
    }),
    findings,
  );
  if (labels !== undefined && video !== undefined) findings.push(...labelFindings(labels, video));
  return { row, video, labels, findings };
}

export interface VerifyWatcher {
  /** After every video. */
  readonly onDone?: ((done: number, total: number) => void) | undefined;
  readonly onVideo?: ((verified: VerifiedVideo) => void) | undefined;
}

/**
 * Checks a dataset: manifest.csv, videos/<id>.nii.gz and labels/<id>.nii.gz of labelled rows. Problems come in the
 * manifest's order.
 */
export async function verifyDataset(
  source: DatasetSource,
  { onDone, onVideo }: VerifyWatcher = {},
): Promise<{ videos: number; problems: DatasetProblem[] }> {
  const problems: DatasetProblem[] = [];
  const rows = await readPart(
    source,
    'manifest.csv',
    (bytes) => parseManifest(Buffer.from(bytes).toString('utf8')),
    problems,
  );
  if (rows?.length === 0) {
    problems.push(
      finding('error', 'manifest', 'DatasetInvalid', {
        expected: 'at least one video in manifest.csv',
        found: 'none',
        advice: 'Bring videos in with echoloop ingest.',
      }),
    );
  }
  for (const [i, row] of (rows ?? []).entries()) {
    const verified = await verifyVideo(source, row);
    onVideo?.(verified);
    for (const found of verified.findings) problems.push({ id: row.id, ...found });
    onDone?.(i + 1, rows!.length);
  }
  return { videos: rows?.length ?? 0, problems };
}
