/** One video file into a dataset: read, check, keep only pixels and geometry, store; or set aside with the reason. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { GeometryOverrides } from '../../datasets/dicom.ts';
import { readLabelNifti, writeGreyNifti, writeLabelNifti } from '../../datasets/nifti.ts';
import { readVideo } from '../../datasets/read-video.ts';
import { DomainError } from '../../ground/errors.ts';
import { geometryOf, type VideoGeometry } from '../../imaging/image.ts';
import { checkedName, datasetKeys } from '../../storage/keys.ts';
import type { ObjectStore } from '../../storage/store.ts';
import { type FileProblem, problemOf } from '../file-problem.ts';
import { videoName } from '../video-name.ts';
import { storeDatasetFile } from './stored-dataset.ts';

export interface IngestOptions {
  readonly dataset: string;
  /** File names become ids; otherwise ids are made from the content, because names may hold patient data. */
  readonly keepNames: boolean;
  /** Mask of the video, where there is one. */
  readonly labels: string | undefined;
  /** What headers lack. */
  readonly geometry?: GeometryOverrides | undefined;
}

export interface AcceptedVideo {
  readonly file: string;
  readonly id: string;
  readonly labelled: boolean;
  readonly geometry: VideoGeometry;
}

export interface QuarantinedVideo extends FileProblem {
  readonly id: string;
}

/**
 * The manifest is the caller's to write, once for all videos. Only what is wrong with the file itself quarantines it.
 */
export async function ingestVideo(
  store: ObjectStore,
  file: string,
  options: IngestOptions,
): Promise<{ accepted: AcceptedVideo } | { quarantined: QuarantinedVideo }> {
  const bytes = await readFile(file).catch((error: unknown) => error as Error);
  const digest = createHash('sha256')
    .update(bytes instanceof Error ? file : bytes)
    .digest('hex')
    .slice(0, 12);
  const contentId = `video-${digest}`;
  try {
    if (bytes instanceof Error) throw bytes;
    const id = options.keepNames ? checkedName('video', videoName(file)) : contentId;
    const video = await readVideo(bytes, file, options.geometry);
    const mask =
      options.labels === undefined
        ? undefined
        : readLabelNifti(await readFile(options.labels), options.labels);
    if (
      mask &&
      (mask.frames !== video.frames || mask.rows !== video.rows || mask.columns !== video.columns)
    ) {
      throw new DomainError(
        'GeometryMismatch',
        `${options.labels}: expected the video's ${video.frames} frames of ${video.rows} x ${video.columns}, found ${mask.frames} of ${mask.rows} x ${mask.columns}.`,
      );
    }
    await storeDatasetFile(store, datasetKeys.video(options.dataset, id), writeGreyNifti(video));
    if (mask) await storeDatasetFile(store, datasetKeys.labels(options.dataset, id), writeLabelNifti(mask));
    return { accepted: { file, id, labelled: mask !== undefined, geometry: geometryOf(video) } };
  } catch (error) {
    const problem = problemOf(file, error);
    await quarantine(store, options.dataset, contentId, problem);
    return { quarantined: { id: contentId, ...problem } };
  }
}

/** The reason goes into the store without the file's name, which may hold patient data. */
async function quarantine(
  store: ObjectStore,
  dataset: string,
  id: string,
  problem: FileProblem,
): Promise<void> {
  const reason = problem.message.replaceAll(problem.file, id).replaceAll(basename(problem.file), id);
  const record = Buffer.from(`${JSON.stringify({ id, code: problem.code, reason }, null, 2)}\n`);
  await store.put(datasetKeys.quarantine(dataset, id), record, { contentType: 'application/json' });
}
