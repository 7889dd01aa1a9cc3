/** Many videos into a dataset, a few at a time; the manifest is written once, after them. */
import pLimit from 'p-limit';
import type { IngestPlan } from '../../datasets/collections/plan.ts';
import { type ManifestRow, manifestRow, type Split } from '../../datasets/manifest.ts';
import type { LabelMap } from '../../datasets/nifti.ts';
import { studyPseudonym } from '../../datasets/pseudonym.ts';
import type { ReadOptions } from '../../datasets/read-video.ts';
import { assignSplits } from '../../datasets/splits.ts';
import type { VideoFacts } from '../../datasets/video-facts.ts';
import type { ObjectStore } from '../../storage/store.ts';
import type { IngestReason } from './ingest-reasons.ts';
import { type AcceptedVideo, ingestVideo, type QuarantinedVideo } from './ingest-video.ts';
import { mergeManifest, readManifest } from './stored-dataset.ts';
import { studyKeyOf } from './study-key.ts';

/** Decoded videos are large: memory is bounded by this, not by the number of files. */
const concurrentVideos = 2;

export interface IngestRequest {
  readonly dataset: string;
  readonly keepNames: boolean;
  /** Of videos whose name, release or table says none. */
  readonly view: string;
  /**
   * For all videos; as a release or table says, or drawn by patient, when left out. What the dataset has keeps its
   * split.
   */
  readonly split?: Split | undefined;
  /** What headers lack, and a program that decodes films. */
  readonly reading?: ReadOptions | undefined;
  readonly force?: readonly IngestReason[] | undefined;
  readonly labelMap?: LabelMap | undefined;
  readonly onDone?: (done: number) => void;
}

/** Fixed, so that the same videos come into the same splits on every machine. */
const splitSeed = 0;

export interface IngestedVideo extends ManifestRow {
  readonly file: string;
  readonly facts: VideoFacts;
  readonly notes: readonly string[];
}

export interface IngestOutcome {
  readonly accepted: readonly IngestedVideo[];
  readonly quarantined: readonly QuarantinedVideo[];
}

/** Both lists are in the order of the plan. */
export async function ingestVideos(
  store: ObjectStore,
  plan: Pick<IngestPlan, 'videos'>,
  request: IngestRequest,
): Promise<IngestOutcome> {
  const limit = pLimit(concurrentVideos);
  let done = 0;
  const identityKey = await studyKeyOf(store, request.dataset);
  const reading = { ...request.reading, identityKey };
  const options = { ...request, reading, force: request.force ?? [] };
  const outcomes = await Promise.all(
    plan.videos.map((planned) =>
      limit(async () => {
        const outcome = await ingestVideo(store, planned, options);
        request.onDone?.(++done);
        return outcome;
      }),
    ),
  );
  const videos = outcomes.flatMap((outcome) => ('accepted' in outcome ? [outcome.accepted] : []));
  const quarantined = outcomes.flatMap((outcome) => ('quarantined' in outcome ? [outcome.quarantined] : []));
  const accepted = await rowsOf(store, videos, request, identityKey);
  if (accepted.length > 0) {
    const rows = accepted.map(({ file, facts, notes, ...row }) => row);
    await mergeManifest(store, request.dataset, rows);
  }
  return { accepted, quarantined };
}

/** A table or name goes before a header's patient; without either, a video is a study of its own. */
function studyOf(
  { id, planned: { patient }, patientHash }: AcceptedVideo,
  keepNames: boolean,
  key: Uint8Array,
): string {
  if (patient === undefined) return patientHash ?? id;
  return keepNames ? patient.replaceAll(/[^A-Za-z0-9._-]/g, '-') : studyPseudonym(patient, key);
}

async function rowsOf(
  store: ObjectStore,
  videos: readonly AcceptedVideo[],
  request: IngestRequest,
  key: Uint8Array,
): Promise<IngestedVideo[]> {
  const studies = videos.map((video) => studyOf(video, request.keepNames, key));
  const rows = await readManifest(store, request.dataset);
  const present = new Map(rows.map((row) => [row.study, row.split]));
  const splitOfVideo = new Map(rows.map((row) => [row.id, row.split]));
  const stated = videos.map(({ id, planned }, i) => ({
    study: studies[i]!,
    split: splitOfVideo.get(id) ?? request.split ?? planned.split,
  }));
  const splits = assignSplits(stated, present, splitSeed);
  return videos.map(({ file, id, planned, labelled, geometry, annotation, facts, notes }, i) => {
    const study = studies[i]!;
    const split = splits.get(study)!;
    const view = planned.view ?? request.view;
    return {
      file,
      facts,
      notes,
      ...manifestRow({ study, view, id, split, labelled }, geometry, annotation),
    };
  });
}
