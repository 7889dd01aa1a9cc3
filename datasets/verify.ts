/**
 * Checks a dataset before hours of work depend on it: every file is opened, all problems are collected, none stops the
 * check. An error makes a video unusable; a warning is worth a look.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError, type ErrorCode } from '../ground/errors.ts';
import { LEFT_VENTRICLE, MYOCARDIUM } from '../ground/labels.ts';
import type { GreyVideo, LabelVideo, VideoGeometry } from '../imaging/image.ts';
import { type ManifestRow, parseManifest } from './manifest.ts';
import { readGreyNifti, readLabelNifti } from './nifti.ts';

export interface DatasetProblem {
  /** Video, or undefined for the dataset as a whole. */
  readonly id?: string;
  readonly severity: 'error' | 'warning';
  readonly code: ErrorCode;
  readonly message: string;
}

type Finding = Omit<DatasetProblem, 'id'>;

const error = (code: ErrorCode, message: string): Finding => ({ severity: 'error', code, message });
const warning = (message: string): Finding => ({ severity: 'warning', code: 'DatasetInvalid', message });

function sameSpacing(a: VideoGeometry, b: VideoGeometry): boolean {
  return a.spacingMm.every((size, axis) => Math.abs(size - b.spacingMm[axis]!) <= 1e-4 * size);
}

function describe({ frames, rows, columns, spacingMm }: VideoGeometry): string {
  return `${frames} frames of ${rows} x ${columns} pixels of ${spacingMm[0]} x ${spacingMm[1]} mm`;
}

/** What makes a video useless (nothing in it) or suspicious (too short, frozen, nearly one grey level). */
export function checkVideo(video: GreyVideo): Finding[] {
  const findings: Finding[] = [];
  const pixels = video.rows * video.columns;
  const histogram = new Uint32Array(256);
  for (const value of video.intensities) histogram[Math.max(0, Math.min(255, Math.round(value * 255)))]! += 1;
  const levels = histogram.reduce((count, pixelsOfLevel) => count + (pixelsOfLevel > 0 ? 1 : 0), 0);
  if (levels < 2) {
    findings.push(
      error(
        'DatasetInvalid',
        'expected a picture, found one grey level in all frames. Export the recording again.',
      ),
    );
    return findings;
  }
  if (levels < 16) findings.push(warning(`expected a grey-level picture, found ${levels} different levels.`));
  if (video.frames < 4)
    findings.push(warning(`expected at least 4 frames for a window over time, found ${video.frames}.`));
  const first = video.intensities.subarray(0, pixels);
  const isFrozen = video.frames > 1 && video.intensities.every((value, i) => value === first[i % pixels]);
  if (isFrozen) findings.push(warning(`expected a moving picture, found ${video.frames} identical frames.`));
  return findings;
}

/** Whether a segmentation fits its video, and whether both structures are in every frame. */
export function checkLabels(labels: LabelVideo, video: VideoGeometry): Finding[] {
  if (
    labels.frames !== video.frames ||
    labels.rows !== video.rows ||
    labels.columns !== video.columns ||
    !sameSpacing(labels, video)
  ) {
    return [
      error(
        'GeometryMismatch',
        `expected labels on the grid of the video, ${describe(video)}, found ${describe(labels)}. Export both on one grid.`,
      ),
    ];
  }
  const findings: Finding[] = [];
  const pixels = labels.rows * labels.columns;
  for (const [label, structure] of [
    [LEFT_VENTRICLE, 'left ventricle'],
    [MYOCARDIUM, 'myocardium'],
  ] as const) {
    const empty: number[] = [];
    for (let frame = 0; frame < labels.frames; frame++) {
      if (!labels.labels.subarray(frame * pixels, (frame + 1) * pixels).includes(label)) empty.push(frame);
    }
    if (empty.length > 0) {
      findings.push(
        warning(
          `expected the ${structure} in every frame, found it absent in ${empty.length}, the first is frame ${empty[0]}.`,
        ),
      );
    }
  }
  return findings;
}

function checkAgainstManifest(row: ManifestRow, video: VideoGeometry): Finding[] {
  const stated = {
    frames: row.frames,
    rows: row.rows,
    columns: row.columns,
    spacingMm: [row.spacingRowMm, row.spacingColumnMm] as const,
    frameTimeMs: row.frameTimeMs,
  };
  const agrees =
    stated.frames === video.frames && stated.rows === video.rows && stated.columns === video.columns;
  if (agrees && sameSpacing(stated, video)) return [];
  return [
    error(
      'GeometryMismatch',
      `expected ${describe(stated)}, as the manifest says, found ${describe(video)}. Import the video again.`,
    ),
  ];
}

/** A finding instead of an exception; what is not about the data goes on. */
async function attempt<Result>(
  findings: Finding[],
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await work();
  } catch (failure) {
    if (failure instanceof DomainError) findings.push(error(failure.code, failure.message));
    else if ((failure as NodeJS.ErrnoException).code === 'ENOENT') {
      findings.push(error('DatasetInvalid', 'expected the file that the manifest names, found none.'));
    } else throw failure;
    return undefined;
  }
}

/**
 * Checks a dataset folder: manifest.csv, videos/<id>.nii.gz and labels/<id>.nii.gz of labelled rows. Problems come in the
 * manifest's order.
 */
export async function verifyDataset(
  directory: string,
): Promise<{ videos: number; problems: DatasetProblem[] }> {
  const whole: Finding[] = [];
  const rows = await attempt(whole, async () =>
    parseManifest(await readFile(join(directory, 'manifest.csv'), 'utf8')),
  );
  if (rows?.length === 0)
    whole.push(error('DatasetInvalid', 'expected at least one video, found none in manifest.csv.'));
  const problems: DatasetProblem[] = whole;
  for (const row of rows ?? []) {
    const findings: Finding[] = [];
    const videoName = `videos/${row.id}.nii.gz`;
    const video = await attempt(findings, async () =>
      readGreyNifti(await readFile(join(directory, videoName)), videoName),
    );
    if (video !== undefined) findings.push(...checkAgainstManifest(row, video), ...checkVideo(video));
    if (row.labelled) {
      const labelName = `labels/${row.id}.nii.gz`;
      const labels = await attempt(findings, async () =>
        readLabelNifti(await readFile(join(directory, labelName)), labelName),
      );
      if (labels !== undefined && video !== undefined) findings.push(...checkLabels(labels, video));
    }
    for (const finding of findings) problems.push({ id: row.id, ...finding });
  }
  return { videos: rows?.length ?? 0, problems };
}
