/**
 * One video into a dataset: its files read, looked up among those that the dataset has seen, converted, stored; or set
 * aside with the reasons.
 */
import { createHash } from 'node:crypto';
import type { PlannedVideo, SkippedFile } from '../../datasets/collections/plan.ts';
import { DomainError } from '../../ground/errors.ts';
import { checkedName, datasetKeys } from '../../storage/keys.ts';
import type { ObjectStore } from '../../storage/store.ts';
import { problemOf } from '../file-problem.ts';
import type { Conversion, ConversionOptions, Converted } from './convert-recording.ts';
import { digestOf, type IngestLedger, type SetAside, type StoredSource } from './ingest-ledger.ts';
import { type IngestReason, ingestReasons } from './ingest-reasons.ts';
import { labelFiles, readRecording, readReferenceFiles } from './read-recording.ts';
import type { SourceFiles } from './source-files.ts';
import { storeDatasetFile } from './stored-dataset.ts';

export interface IngestOptions extends ConversionOptions {
  readonly dataset: string;
  /** File names become ids; otherwise ids are made from the content, because names may hold patient data. */
  readonly keepNames: boolean;
  /** What was set aside before, by the same request, is tried again. */
  readonly retryQuarantine: boolean;
}

/** Where a video comes from and goes to. */
export interface Intake {
  readonly store: ObjectStore;
  readonly sources: SourceFiles;
  readonly ledger: IngestLedger;
  readonly convert: (conversion: Conversion) => Promise<Converted>;
}

export interface AcceptedVideo extends StoredSource {
  readonly file: string;
  readonly planned: PlannedVideo;
  /** The dataset had it before. */
  readonly isKnown: boolean;
}

export interface QuarantinedVideo extends SetAside {}

export interface VideoOutcome {
  readonly outcome:
    | { readonly accepted: AcceptedVideo }
    | { readonly quarantined: QuarantinedVideo }
    /** A sound file that is no recording, such as a report. */
    | { readonly skipped: SkippedFile };
  /** Bytes of the files that were read. */
  readonly bytes: number;
}

/** What is known of a video so far, for the record of why it was set aside. */
interface Attempt {
  /** Made from the content, once that was read; from the path before. */
  id: string;
  /** Digest of what was asked for (`askedOf`). */
  asked: string;
  bytes: number;
}

/**
 * The manifest is the caller's to write, once for all videos. Only what is wrong with the files themselves
 * quarantines them.
 */
export async function ingestVideo(
  intake: Intake,
  planned: PlannedVideo,
  options: IngestOptions,
): Promise<VideoOutcome> {
  const { file } = planned;
  const attempt: Attempt = { id: idOfPath(file), asked: '', bytes: 0 };
  try {
    const recording = await readRecording(planned, intake.sources);
    attempt.id = `video-${recording.sha256.slice(0, ID_DIGITS)}`;
    attempt.bytes = recording.size;
    const outcome = await intake.ledger.alone(recording.sha256, () =>
      ingestRead(intake, { planned, recording }, options, attempt),
    );
    return { outcome, bytes: attempt.bytes };
  } catch (error) {
    if (error instanceof DomainError && error.details.isRecording === false) {
      const reason = error.message.replace(`${file}: `, '');
      return { outcome: { skipped: { file, reason } }, bytes: attempt.bytes };
    }
    const quarantined = { id: attempt.id, reasons: reasonsOf(error), ...problemOf(file, error) };
    await intake.ledger.addSetAside(quarantined, namedFiles(planned), attempt.asked);
    return { outcome: { quarantined }, bytes: attempt.bytes };
  }
}

/** @param attempt is told what was asked for */
async function ingestRead(
  { store, sources, ledger, convert }: Intake,
  { planned, recording }: Omit<Conversion, 'reference'>,
  options: IngestOptions,
  attempt: Attempt,
): Promise<VideoOutcome['outcome']> {
  const known = await ledger.stored(recording.sha256);
  const reference = await readReferenceFiles(planned, sources);
  const tracings = planned.labels?.kind === 'tracings' ? planned.labels.tracings : undefined;
  const referenceSha256 = digestOf([reference.sha256, tracings]);
  if (known !== undefined && !bringsReference(planned, known, referenceSha256)) {
    return { accepted: knownVideo(planned, known, options) };
  }
  attempt.asked = askedOf(planned, referenceSha256, options);
  if (!options.retryQuarantine) {
    const before = await ledger.setAside(attempt.id, planned.file, attempt.asked);
    if (before !== undefined) return { quarantined: before };
  }
  const id = known?.id ?? (options.keepNames ? checkedName('video', planned.name) : attempt.id);
  const converted = await convert({ planned, recording, reference });
  const source = { ...(await storeVideo(store, options.dataset, id, converted)), referenceSha256 };
  await ledger.addStored(recording.sha256, source);
  await ledger.forgetSetAside([attempt.id, idOfPath(planned.file)]);
  return { accepted: { ...source, file: planned.file, planned, isKnown: false } };
}

/** Files that a message about the video may name. */
function namedFiles({ file, pictures = [], labels }: PlannedVideo): string[] {
  return [file, ...pictures, ...labelFiles(labels)];
}

const ID_DIGITS = 12;

function idOfPath(file: string): string {
  return `video-${createHash('sha256').update(file).digest('hex').slice(0, ID_DIGITS)}`;
}

/** True where the plan has a reference that the dataset has not. */
function bringsReference({ labels }: PlannedVideo, known: StoredSource, referenceSha256: string): boolean {
  return labels !== undefined && referenceSha256 !== known.referenceSha256;
}

/** What the outcome of a file depends on beside its bytes. */
function askedOf(planned: PlannedVideo, referenceSha256: string, options: IngestOptions): string {
  const { given, labelMap, annotatedFrames, annotatedLabels } = planned;
  const { reading, force } = options;
  return digestOf({
    referenceSha256,
    ...{ given, annotatedFrames, annotatedLabels, labelMap: options.labelMap ?? labelMap },
    spacingMm: reading.spacingMm,
    frameTimeMs: reading.frameTimeMs,
    force: [...force].sort(),
    readsFilms: reading.filmReader !== undefined,
    name: options.keepNames && planned.name,
  });
}

async function storeVideo(
  store: ObjectStore,
  dataset: string,
  id: string,
  { video, labels, ...record }: Converted,
): Promise<Omit<StoredSource, 'referenceSha256'>> {
  await storeDatasetFile(store, datasetKeys.video(dataset, id), video);
  if (labels) await storeDatasetFile(store, datasetKeys.labels(dataset, id), labels);
  return { ...record, id, labelled: labels !== undefined };
}

/** Share by which a stored pixel size or frame time may differ from a given one without a word. */
const SAME = 0.01;

/** A video that the dataset has stays as it is; what was given now and would have changed it is named. */
function knownVideo(planned: PlannedVideo, known: StoredSource, { reading }: IngestOptions): AcceptedVideo {
  const differs = (given: number | undefined, stored: number) =>
    given !== undefined && Math.abs(given - stored) > SAME * stored;
  const { spacingMm, frameTimeMs } = known.geometry;
  const unused = [
    ...(spacingMm.some((size, axis) => differs(reading.spacingMm?.[axis], size))
      ? [`a pixel size of ${spacingMm.join(' x ')} mm`]
      : []),
    ...(frameTimeMs > 0 && differs(reading.frameTimeMs, frameTimeMs)
      ? [`a frame time of ${frameTimeMs} ms`]
      : []),
  ].map(
    (has) =>
      `the dataset has it with ${has}, and what was given now was not used: stored videos do not change`,
  );
  return { ...known, notes: [...known.notes, ...unused], file: planned.file, planned, isKnown: true };
}

/** The reasons that a refusal names; none where nothing can be forced. */
function reasonsOf(error: unknown): IngestReason[] {
  const named = error instanceof DomainError ? String(error.details.reason ?? '').split(' ') : [];
  return ingestReasons.filter((reason) => named.includes(reason));
}
