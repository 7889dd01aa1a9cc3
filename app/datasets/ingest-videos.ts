/**
 * Many videos into a dataset, a few at a time; the manifest is written once, after them. What is done stays done: the
 * same call again goes on where an earlier one was ended.
 */
import pLimit from 'p-limit';
import type { IngestPlan, PlannedVideo, SkippedFile } from '../../datasets/collections/plan.ts';
import {
  checkedView,
  isManifestName,
  type ManifestRow,
  manifestRow,
  type Split,
} from '../../datasets/manifest.ts';
import type { LabelMap } from '../../datasets/nifti.ts';
import { studyPseudonym } from '../../datasets/pseudonym.ts';
import type { ReadOptions } from '../../datasets/read-video.ts';
import { assignSplits } from '../../datasets/splits.ts';
import type { VideoFacts } from '../../datasets/video-facts.ts';
import type { ObjectStore } from '../../storage/store.ts';
import { openConverter } from './conversion-threads.ts';
import { IngestLedger } from './ingest-ledger.ts';
import type { IngestReason } from './ingest-reasons.ts';
import {
  type AcceptedVideo,
  type IngestOptions,
  type Intake,
  ingestVideo,
  type QuarantinedVideo,
  type VideoOutcome,
} from './ingest-video.ts';
import { localFiles, type SourceFiles } from './source-files.ts';
import { mergeManifest, readManifest } from './stored-dataset.ts';
import { studyKeyOf } from './study-key.ts';

export interface IngestProgress {
  readonly done: number;
  readonly total: number;
  readonly quarantined: number;
  /** Of the files that were read. */
  readonly bytes: number;
}

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
  /** Tries again what was set aside before, although nothing else is asked for now. */
  readonly retryQuarantine?: boolean | undefined;
  /** Where the files of the plan lie; the disks of this machine when left out. */
  readonly sources?: SourceFiles | undefined;
  /** No further video begins once it is aborted; those that have begun are finished, and the manifest is written. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: IngestProgress) => void;
}

/** Fixed, so that the same videos come into the same splits on every machine. */
const splitSeed = 0;

export interface IngestedVideo extends ManifestRow {
  readonly file: string;
  readonly facts: VideoFacts;
  readonly notes: readonly string[];
  /** The dataset had it before. */
  readonly isKnown: boolean;
}

export interface IngestOutcome {
  readonly accepted: readonly IngestedVideo[];
  readonly quarantined: readonly QuarantinedVideo[];
  /** Files of the plan that turned out to be sound and no recordings, such as reports. */
  readonly skipped: readonly SkippedFile[];
  /** Videos of the plan that were not begun, because the signal was aborted. */
  readonly left: number;
  /** Of the files that were read. */
  readonly bytes: number;
}

/** The lists are in the order of the plan. @throws ConfigInvalid for a view that no manifest can hold */
export async function ingestVideos(
  store: ObjectStore,
  plan: Pick<IngestPlan, 'videos'>,
  asked: IngestRequest,
): Promise<IngestOutcome> {
  // Before hours of work, not when the manifest is written after them.
  const request = { ...asked, view: checkedView(asked.view) };
  const identityKey = await studyKeyOf(store, request.dataset);
  const options: IngestOptions = {
    ...request,
    reading: { ...request.reading, identityKey },
    force: request.force ?? [],
    retryQuarantine: request.retryQuarantine === true,
  };
  const ledger = await IngestLedger.open(store, request.dataset);
  const converter = openConverter(options, plan.videos.length);
  try {
    const intake = { store, sources: request.sources ?? localFiles, ledger, convert: converter.convert };
    const found = await ingestAll(intake, plan.videos, options, request, converter.atOnce);
    const accepted = await rowsOf(store, found.accepted, request, identityKey);
    return { ...found, accepted };
  } finally {
    await converter.close();
  }
}

async function ingestAll(
  intake: Intake,
  videos: readonly PlannedVideo[],
  options: IngestOptions,
  { signal, onProgress }: IngestRequest,
  atOnce: number,
) {
  const limit = pLimit(atOnce);
  const outcomes: VideoOutcome['outcome'][] = [];
  const progress = { done: 0, quarantined: 0, bytes: 0 };
  let failure: unknown;
  const ingestOne = async (planned: PlannedVideo, place: number) => {
    // The first failure that is no video's ends all; what has begun is finished, so that nothing goes on unseen.
    if (signal?.aborted || failure !== undefined) return;
    try {
      const { outcome, bytes } = await ingestVideo(intake, planned, options);
      outcomes[place] = outcome;
      progress.done++;
      progress.bytes += bytes;
      if ('quarantined' in outcome) progress.quarantined++;
      onProgress?.({ ...progress, total: videos.length });
    } catch (error) {
      failure ??= error;
    }
  };
  await Promise.all(videos.map((planned, place) => limit(() => ingestOne(planned, place))));
  if (failure !== undefined) throw failure;
  return {
    accepted: outcomes.flatMap((outcome) => ('accepted' in outcome ? [outcome.accepted] : [])),
    quarantined: outcomes.flatMap((outcome) => ('quarantined' in outcome ? [outcome.quarantined] : [])),
    skipped: outcomes.flatMap((outcome) => ('skipped' in outcome ? [outcome.skipped] : [])),
    left: videos.length - progress.done,
    bytes: progress.bytes,
  };
}

/**
 * A table or name goes before a header's patient; without either, a video is a study of its own. A name that makes no
 * study is a pseudonym even where names are kept: it would keep the whole manifest from being written.
 */
function studyOf(
  { id, planned: { patient }, patientHash }: AcceptedVideo,
  keepNames: boolean,
  key: Uint8Array,
): string {
  if (patient === undefined) return patientHash ?? id;
  const name = patient.replaceAll(/[^A-Za-z0-9._-]/g, '-');
  return keepNames && isManifestName(name) ? name : studyPseudonym(patient, key);
}

/** Rows of the videos; those that the manifest lacks, or has without the reference, are added to it. */
async function rowsOf(
  store: ObjectStore,
  videos: readonly AcceptedVideo[],
  request: IngestRequest,
  key: Uint8Array,
): Promise<IngestedVideo[]> {
  const present = new Map((await readManifest(store, request.dataset)).map((row) => [row.id, row]));
  const isListed = ({ id, isKnown }: AcceptedVideo) => isKnown && present.has(id);
  // The same recording may come twice in one plan, under two names.
  const fresh = new Map(videos.filter((video) => !isListed(video)).map((video) => [video.id, video]));
  const rows = new Map([...present, ...newRows([...fresh.values()], [...present.values()], request, key)]);
  if (fresh.size > 0) {
    await mergeManifest(
      store,
      request.dataset,
      [...fresh.keys()].map((id) => rows.get(id)!),
    );
  }
  return videos.map(({ file, id, facts, notes, isKnown }) => ({
    file,
    facts,
    notes,
    isKnown,
    ...rows.get(id)!,
  }));
}

function newRows(
  videos: readonly AcceptedVideo[],
  present: readonly ManifestRow[],
  request: IngestRequest,
  key: Uint8Array,
): Map<string, ManifestRow> {
  const studies = videos.map((video) => studyOf(video, request.keepNames, key));
  const splitOfVideo = new Map(present.map((row) => [row.id, row.split]));
  const stated = videos.map(({ id, planned }, i) => ({
    study: studies[i]!,
    split: splitOfVideo.get(id) ?? request.split ?? planned.split,
  }));
  const splits = assignSplits(stated, new Map(present.map((row) => [row.study, row.split])), splitSeed);
  return new Map(
    videos.map(({ id, planned, labelled, geometry, annotation }, i) => {
      const study = studies[i]!;
      const split = splits.get(study)!;
      const view = planned.view ?? request.view;
      return [id, manifestRow({ study, view, id, split, labelled }, geometry, annotation)];
    }),
  );
}
