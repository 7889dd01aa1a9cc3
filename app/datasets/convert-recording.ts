/**
 * The bytes of a recording into what a dataset stores of it: read, looked at, blanked around the sector, only pixels
 * and geometry kept. Plain data in and out, so that it can run in a thread.
 */
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
import type { IngestReason } from './ingest-reasons.ts';
import { decodeRecording, decodeReference, type RecordingBytes } from './read-recording.ts';

export interface ConversionOptions {
  /** What headers lack, and a program that decodes films. */
  readonly reading: ReadOptions;
  /** Reasons for which videos would be refused and are to be taken all the same. */
  readonly force: readonly IngestReason[];
  /** Labels of another convention, instead of the one that a known release has. */
  readonly labelMap?: LabelMap | undefined;
}

export interface Conversion {
  readonly planned: PlannedVideo;
  readonly recording: RecordingBytes;
  readonly reference: RecordingBytes;
}

/** What is known of a video beside its pixels. */
export interface VideoRecord {
  /** Keyed hash of the patient that a DICOM header names. */
  readonly patientHash: string | undefined;
  readonly geometry: VideoGeometry;
  readonly facts: VideoFacts;
  readonly annotation: Pick<LabelVideo, 'annotatedFrames' | 'annotatedLabels'>;
  /** What is worth a look: of the reader, and what spoke against the video and did not keep it out. */
  readonly notes: readonly string[];
}

export interface Converted extends VideoRecord {
  /** Files of the dataset, .nii.gz. */
  readonly video: Uint8Array;
  readonly labels: Uint8Array | undefined;
}

/** @throws DomainError for what cannot be read, is no recording of a heart, or has a reference that does not fit */
export async function convertRecording(
  { planned, recording, reference }: Conversion,
  { reading, force, labelMap }: ConversionOptions,
): Promise<Converted> {
  const read = await decodeRecording(planned, recording, {
    ...reading,
    force: refusalReasonNames.filter((reason) => force.includes(reason)),
  });
  const { video, notes } = checked(read, planned.file, force);
  const mask = await decodeReference(planned, reference, video, { labelMap, notes });
  const { annotatedFrames, annotatedLabels } = mask ?? {};
  return {
    video: writeGreyNifti(video, storedBits(video.facts) === 16 ? 'uint16' : 'uint8'),
    labels: mask && writeLabelNifti(mask),
    patientHash: read.groups?.patient,
    geometry: geometryOf(video),
    facts: video.facts,
    annotation: { ...(annotatedFrames && { annotatedFrames }), ...(annotatedLabels && { annotatedLabels }) },
    notes,
  };
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
