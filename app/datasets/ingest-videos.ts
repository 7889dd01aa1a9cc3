/** Many files into a dataset, a few at a time; the manifest is written once, after them. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import type { GeometryOverrides } from '../../datasets/dicom.ts';
import { type ManifestRow, manifestRow, type Split } from '../../datasets/manifest.ts';
import { splitStudies } from '../../datasets/splits.ts';
import type { ObjectStore } from '../../storage/store.ts';
import { videoName } from '../video-name.ts';
import { type AcceptedVideo, ingestVideo, type QuarantinedVideo } from './ingest-video.ts';
import { mergeManifest, readManifest } from './stored-dataset.ts';

/** Decoded videos are large: memory is bounded by this, not by the number of files. */
const concurrentVideos = 2;

export interface IngestRequest {
  readonly dataset: string;
  readonly keepNames: boolean;
  readonly view: string;
  readonly labelsFolder?: string | undefined;
  /** For all videos; drawn by seed when left out. A video that the dataset has already keeps its split. */
  readonly split?: Split | undefined;
  /** What headers lack: pixel size and time from frame to frame. */
  readonly geometry?: GeometryOverrides | undefined;
  readonly onDone?: (done: number) => void;
}

/** Fixed, so that the same videos come into the same splits on every machine. */
const splitSeed = 0;

export interface IngestOutcome {
  readonly accepted: readonly (ManifestRow & { readonly file: string })[];
  readonly quarantined: readonly QuarantinedVideo[];
}

/** Both lists are in the order of the files. */
export async function ingestVideos(
  store: ObjectStore,
  files: readonly string[],
  request: IngestRequest,
): Promise<IngestOutcome> {
  const limit = pLimit(concurrentVideos);
  let done = 0;
  const outcomes = await Promise.all(
    files.map((file) =>
      limit(async () => {
        const labels = await maskOf(file, request.labelsFolder);
        const outcome = await ingestVideo(store, file, { ...request, labels });
        request.onDone?.(++done);
        return outcome;
      }),
    ),
  );
  const videos = outcomes.flatMap((outcome) => ('accepted' in outcome ? [outcome.accepted] : []));
  const quarantined = outcomes.flatMap((outcome) => ('quarantined' in outcome ? [outcome.quarantined] : []));
  const accepted = await rowsOf(store, videos, request);
  if (accepted.length > 0) {
    await mergeManifest(
      store,
      request.dataset,
      accepted.map(({ file, ...row }) => row),
    );
  }
  return { accepted, quarantined };
}

/** What a file was recorded in is not kept, so every video counts as a study of its own. */
async function rowsOf(store: ObjectStore, videos: readonly AcceptedVideo[], request: IngestRequest) {
  const present = new Map((await readManifest(store, request.dataset)).map((row) => [row.id, row.split]));
  const fresh = videos.map(({ id }) => id).filter((id) => !present.has(id));
  const drawn = splitStudies(fresh, splitSeed);
  return videos.map(({ file, id, labelled, geometry }) => {
    const split = present.get(id) ?? request.split ?? drawn.get(id) ?? 'train';
    return { file, ...manifestRow({ study: id, view: request.view, id, split, labelled }, geometry) };
  });
}

async function maskOf(file: string, folder: string | undefined): Promise<string | undefined> {
  if (folder === undefined) return undefined;
  for (const ending of ['.nii.gz', '.nii']) {
    const mask = join(folder, `${videoName(file)}${ending}`);
    const there = await access(mask).then(
      () => true,
      () => false,
    );
    if (there) return mask;
  }
  return undefined;
}
