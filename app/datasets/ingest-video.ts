/** One video into a dataset: read, look at, keep only pixels and geometry, store; or set aside with the reasons. */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { PlannedVideo } from '../../datasets/collections/plan.ts';
import { type ContentReason, checkContent, findingText } from '../../datasets/content.ts';
import { storedBits } from '../../datasets/grey-scaling.ts';
import { type LabelMap, writeGreyNifti, writeLabelNifti } from '../../datasets/nifti.ts';
import type { ReadOptions } from '../../datasets/read-video.ts';
import { refusalReasonNames } from '../../datasets/refusal.ts';
import { withoutSurroundings } from '../../datasets/sector.ts';
import type { RecordedVideo, VideoFacts } from '../../datasets/video-facts.ts';
import { DomainError } from '../../ground/errors.ts';
import { geometryOf, type LabelVideo, type VideoGeometry } from '../../imaging/image.ts';
import { checkedName, datasetKeys } from '../../storage/keys.ts';
import type { ObjectStore } from '../../storage/store.ts';
import { type FileProblem, problemOf } from '../file-problem.ts';
import { type IngestReason, ingestReasons } from './ingest-reasons.ts';
import { labelFiles, readPlannedLabels, readPlannedVideo } from './read-recording.ts';
import { storeDatasetFile } from './stored-dataset.ts';

export interface IngestOptions {
  readonly dataset: string;
  /** File names become ids; otherwise ids are made from the content, because names may hold patient data. */
  readonly keepNames: boolean;
  /** What headers lack, and a program that decodes films. */
  readonly reading: ReadOptions;
  /** Reasons for which videos would be refused and are to be taken all the same. */
  readonly force: readonly IngestReason[];
  /** Labels of another convention, instead of the one that a known release has. */
  readonly labelMap?: LabelMap | undefined;
}

export interface AcceptedVideo {
  readonly file: string;
  readonly id: string;
  readonly planned: PlannedVideo;
  /** Keyed hash of the patient that a DICOM header names. */
  readonly patientHash: string | undefined;
  readonly geometry: VideoGeometry;
  readonly facts: VideoFacts;
  readonly labelled: boolean;
  readonly annotation: Pick<LabelVideo, 'annotatedFrames' | 'annotatedLabels'>;
  /** What is worth a look: of the reader, and what spoke against the video and did not keep it out. */
  readonly notes: readonly string[];
}

export interface QuarantinedVideo extends FileProblem {
  readonly id: string;
  /** Reasons that can be forced. */
  readonly reasons: readonly IngestReason[];
}

/**
 * The manifest is the caller's to write, once for all videos. Only what is wrong with the files themselves
 * quarantines them.
 */
export async function ingestVideo(
  store: ObjectStore,
  planned: PlannedVideo,
  options: IngestOptions,
): Promise<{ accepted: AcceptedVideo } | { quarantined: QuarantinedVideo }> {
  const { file } = planned;
  let contentId = `video-${createHash('sha256').update(file).digest('hex').slice(0, 12)}`;
  try {
    const read = await readPlannedVideo(planned, {
      ...options.reading,
      force: refusalReasonNames.filter((reason) => options.force.includes(reason)),
    });
    contentId = `video-${read.digest}`;
    const id = options.keepNames ? checkedName('video', planned.name) : contentId;
    const { video, notes } = checked(read.video, file, options.force);
    const mask = await readPlannedLabels(planned, video, options.labelMap);
    const bytes = writeGreyNifti(video, storedBits(video.facts) === 16 ? 'uint16' : 'uint8');
    await storeDatasetFile(store, datasetKeys.video(options.dataset, id), bytes);
    if (mask) await storeDatasetFile(store, datasetKeys.labels(options.dataset, id), writeLabelNifti(mask));
    const { annotatedFrames, annotatedLabels } = mask ?? {};
    return {
      accepted: {
        file,
        id,
        planned,
        patientHash: read.video.groups?.patient,
        geometry: geometryOf(video),
        facts: video.facts,
        labelled: mask !== undefined,
        annotation: {
          ...(annotatedFrames && { annotatedFrames }),
          ...(annotatedLabels && { annotatedLabels }),
        },
        notes,
      },
    };
  } catch (error) {
    const problem = problemOf(file, error);
    await quarantine(store, options.dataset, contentId, problem, [file, ...labelFiles(planned.labels)]);
    return { quarantined: { id: contentId, reasons: reasonsOf(error), ...problem } };
  }
}

/** The reasons that a refusal names; none where nothing can be forced. */
function reasonsOf(error: unknown): IngestReason[] {
  const named = error instanceof DomainError ? String(error.details.reason ?? '').split(' ') : [];
  return ingestReasons.filter((reason) => named.includes(reason));
}

/** A video that could be read and is none, or not one of a heart. */
function contentRefused(
  file: string,
  findings: readonly { readonly reason: ContentReason; readonly text: string }[],
): DomainError {
  const reasons = findings.map(({ reason }) => reason);
  const texts = findings.map(({ text }) => text).join(' Also: ');
  return new DomainError(
    'DatasetInvalid',
    `${file}: ${texts} To take it all the same: --force ${reasons.join(' --force ')}.`,
    { reason: reasons.join(' ') },
  );
}

/**
 * The video without what was written around its sector. @throws DatasetInvalid for what speaks against it and was not
 * forced
 */
function checked(
  read: RecordedVideo,
  file: string,
  force: readonly IngestReason[],
): { video: RecordedVideo; notes: string[] } {
  const { video, blankedPixels } = withoutSurroundings(read);
  const findings = checkContent(video).map((finding) => ({ ...finding, text: findingText(finding) }));
  const refused = findings.filter(({ severity, reason }) => severity === 'error' && !force.includes(reason));
  if (refused.length > 0) throw contentRefused(file, refused);
  const notes = [
    ...(read.notes ?? []),
    ...(blankedPixels > 0 ? [`${blankedPixels} bright pixels around the sector were blanked`] : []),
    ...findings.map(({ reason, text }) => `${reason}: ${text}`),
  ];
  return { video, notes };
}

/** The reason goes into the store without the names of files, which may hold patient data. */
async function quarantine(
  store: ObjectStore,
  dataset: string,
  id: string,
  problem: FileProblem,
  files: readonly string[],
): Promise<void> {
  let reason = problem.message;
  for (const file of files) reason = reason.replaceAll(file, id).replaceAll(basename(file), id);
  const record = Buffer.from(`${JSON.stringify({ id, code: problem.code, reason }, null, 2)}\n`);
  await store.put(datasetKeys.quarantine(dataset, id), record, { contentType: 'application/json' });
}
