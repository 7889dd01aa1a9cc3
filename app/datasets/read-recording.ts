/**
 * Files of a recording and of its reference: all their bytes with a digest, so that what was seen before is known
 * before anything is decoded, and what they decode to.
 */
import { createHash } from 'node:crypto';
import type { PlannedLabels, PlannedVideo } from '../../datasets/collections/plan.ts';
import { tracedReference } from '../../datasets/collections/tracings.ts';
import { givenOver } from '../../datasets/given-geometry.ts';
import { limits } from '../../datasets/limits.ts';
import { isMetaImage, pixelFileOf, type ReadSibling } from '../../datasets/metaimage.ts';
import type { LabelOptions, TargetGrid } from '../../datasets/nifti.ts';
import { readPictureSeries } from '../../datasets/pictures.ts';
import { joinFrameMasks, readMask } from '../../datasets/read-mask.ts';
import { type ReadOptions, readVideo } from '../../datasets/read-video.ts';
import type { RecordedVideo } from '../../datasets/video-facts.ts';
import { DomainError } from '../../ground/errors.ts';
import { withoutUnknown, withStatedAnnotation } from '../../imaging/annotation.ts';
import type { LabelVideo } from '../../imaging/image.ts';
import { localFiles, type SourceFiles } from './source-files.ts';

/** A file with what it names beside itself. */
interface FileBytes {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly beside?: { readonly name: string; readonly bytes: Uint8Array } | undefined;
}

/** One file, or the pictures of a series in order; plain data, which threads can hand on. */
export interface RecordingBytes {
  readonly files: readonly FileBytes[];
  /** SHA-256 of all bytes one after the other, in hexadecimal. */
  readonly sha256: string;
  readonly size: number;
}

async function readWhole(path: string, sources: SourceFiles): Promise<FileBytes> {
  const bytes = await sources.read(path);
  const name = isMetaImage(bytes) ? pixelFileOf(bytes) : undefined;
  if (name === undefined) return { path, bytes };
  const beside = await sources
    .read(`${path.slice(0, path.lastIndexOf('/') + 1)}${name}`)
    .catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'DatasetInvalid') return undefined;
      throw besideProblem(path, error);
    });
  return { path, bytes, ...(beside && { beside: { name, bytes: beside } }) };
}

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown } | undefined)?.code;
}

/** The problem told of the header's file: only names of the plan are known to whoever takes names out of messages. */
function besideProblem(path: string, error: unknown): unknown {
  const isTooLarge = codeOf(error) === 'LimitExceeded';
  // Of the service.
  if (error instanceof DomainError && !isTooLarge) return error;
  const found = isTooLarge ? `more than ${limits.fileBytes} bytes` : `what cannot be read (${codeOf(error)})`;
  return new DomainError(
    isTooLarge ? 'LimitExceeded' : 'DatasetInvalid',
    `${path}: expected its pixels in the file beside it that it names, found ${found}.`,
  );
}

async function readAll(paths: readonly string[], sources: SourceFiles): Promise<RecordingBytes> {
  const hash = createHash('sha256');
  const files: FileBytes[] = [];
  let size = 0;
  for (const path of paths) {
    const file = await readWhole(path, sources);
    for (const bytes of [file.bytes, ...(file.beside ? [file.beside.bytes] : [])]) {
      hash.update(bytes);
      size += bytes.length;
    }
    if (size > limits.fileBytes) {
      throw new DomainError(
        'LimitExceeded',
        `${path}: expected a recording of at most ${limits.fileBytes} bytes, found more with the files that belong to it. Split it into shorter clips.`,
      );
    }
    files.push(file);
  }
  return { files, sha256: hash.digest('hex'), size };
}

/** The bytes of a planned video. @throws what SourceFiles.read throws, LimitExceeded */
export function readRecording(
  { file, pictures }: PlannedVideo,
  sources: SourceFiles,
): Promise<RecordingBytes> {
  return readAll(pictures ?? [file], sources);
}

/** Files of a reference. */
export function labelFiles(labels: PlannedLabels | undefined): string[] {
  if (labels?.kind === 'mask') return [labels.file];
  return labels?.kind === 'frames' ? labels.masks.map(({ file }) => file) : [];
}

/** The bytes of its reference; none where it lies in no file of its own. @throws as readRecording */
export function readReferenceFiles({ labels }: PlannedVideo, sources: SourceFiles): Promise<RecordingBytes> {
  return readAll(labelFiles(labels), sources);
}

function siblingOf({ beside }: FileBytes): ReadSibling {
  return async (name) => (beside?.name === name ? beside.bytes : undefined);
}

/**
 * A planned video: one file, or a series of pictures.
 * @throws what readVideo throws; DatasetInvalid where the options contradict the info file of its release
 */
export async function decodeRecording(
  planned: PlannedVideo,
  { files }: RecordingBytes,
  options: ReadOptions,
): Promise<RecordedVideo> {
  const given = { ...options, ...givenOver(options, planned.given ?? {}, planned.file) };
  const first = files[0]!;
  if (planned.pictures === undefined) {
    return readVideo(first.bytes, planned.file, { ...given, readSibling: siblingOf(first) });
  }
  return readPictureSeries(files.length, async (i) => files[i]!.bytes, planned.file, given);
}

/** A video of any known format on disk, by its path. @throws what readVideo throws, and errors of the file system */
export async function readVideoFile(
  file: string,
  options: ReadOptions = {},
): Promise<{ video: RecordedVideo }> {
  const planned = { file, name: file };
  return { video: await decodeRecording(planned, await readRecording(planned, localFiles), options) };
}

/**
 * The reference of a video on its grid, with what it knows; what a table states wins over what the reference shows.
 * @param options a map of labels counts instead of the one that its release has
 * @throws what readMask and withStatedAnnotation throw
 */
export async function decodeReference(
  planned: PlannedVideo,
  { files }: RecordingBytes,
  video: RecordedVideo,
  { labelMap, notes }: Pick<LabelOptions, 'labelMap' | 'notes'>,
): Promise<LabelVideo | undefined> {
  const { labels } = planned;
  if (labels === undefined) return undefined;
  const maskOf = (file: FileBytes, target: TargetGrid) =>
    readMask(file.bytes, file.path, target, {
      labelMap: labelMap ?? planned.labelMap,
      notes,
      readSibling: siblingOf(file),
    });
  const reference =
    labels.kind === 'mask'
      ? await maskOf(files[0]!, video)
      : labels.kind === 'tracings'
        ? tracedReference(video, labels.tracings)
        : await joinFrameMasks(
            labels.masks.map(({ frame }, i) => ({ frame, read: (target) => maskOf(files[i]!, target) })),
            video,
            labels.masks[0]!.file,
          );
  if (reference === undefined) return undefined;
  return withoutUnknown(withStatedAnnotation(reference, planned));
}
