/** The files that a segmentation is written as: their names, and what each is encoded by. */
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { isDicom } from '../../datasets/dicom/start-of-data.ts';
import { writeGreyNifti, writeLabelNifti } from '../../datasets/nifti.ts';
import type { RecordedVideo } from '../../datasets/video-facts.ts';
import { readSourceRecording, type SourceRecording } from '../../exports/dicom/source-recording.ts';
import type { MeasuredVideo } from '../../exports/measures/measured-video.ts';
import { framesCsv } from '../../exports/measures/measures-csv.ts';
import { measuresJson } from '../../exports/measures/measures-json.ts';
import { DomainError } from '../../ground/errors.ts';
import type { GreyVideo, LabelVideo } from '../../imaging/image.ts';
import { flaggedFrames } from '../../metrics/video-measures.ts';
import { overlayRgb, overlaySize, paintOverlayFrame } from '../../report/overlay-frame.ts';
import { encodeOverlayGif } from '../../report/overlay-gif.ts';
import { encodeUncertaintyGif } from '../../report/uncertainty-gif.ts';
import { codeVersion } from '../../runtime/installation.ts';
import { writeWholeFile } from '../../storage/whole-file.ts';
import type { FilmWriter } from '../media/film-writer.ts';
import { videoName } from '../video-name.ts';
import type { ResultFormat } from './result-formats.ts';

/** Paths by what they hold; those that were not asked for are absent. */
export interface ResultFiles {
  /** nifti */
  readonly mask?: string;
  /** gif */
  readonly overlay?: string;
  /** mp4 */
  readonly film?: string;
  /** csv */
  readonly frameTable?: string;
  /** json */
  readonly measures?: string;
  /** dicom-seg */
  readonly dicomSegmentation?: string;
  /** dicom-sc */
  readonly dicomCapture?: string;
  /** dicom-sr */
  readonly dicomReport?: string;
  /** With uncertainty, whatever the formats. */
  readonly confidence?: string;
  readonly uncertaintyOverlay?: string;
}

/** What results are written of, and as. */
export interface ResultRequest {
  readonly out: string;
  readonly formats: readonly ResultFormat[];
  readonly uncertainty: boolean;
  /** For mp4. */
  readonly filmWriter?: FilmWriter | undefined;
}

/** A segmentation with all that any format needs. */
export interface SegmentationResult extends MeasuredVideo {
  readonly image: RecordedVideo;
  readonly labels: LabelVideo;
  readonly confidence?: GreyVideo | undefined;
  /** Of a DICOM file, for formats of DICOM: what they say of the patient and refer to. */
  readonly source?: SourceRecording | undefined;
  readonly made: Date;
}

/** Longer side of a film, pixels. */
const filmSide = 720;

interface Encoding {
  readonly file: keyof ResultFiles;
  readonly ending: string;
  readonly encode: (
    result: SegmentationResult,
    request: ResultRequest,
  ) => Uint8Array | string | Promise<Uint8Array>;
}

const encodings: Readonly<Record<ResultFormat, Encoding>> = {
  nifti: {
    file: 'mask',
    ending: '.nii.gz',
    encode: ({ labels, image }) => writeLabelNifti(labels, image.layout),
  },
  gif: {
    file: 'overlay',
    ending: '.gif',
    encode: ({ image, labels, measures }) =>
      encodeOverlayGif(image, labels, { flagged: flaggedFrames(measures) }),
  },
  mp4: { file: 'film', ending: '.mp4', encode: encodeOverlayFilm },
  csv: { file: 'frameTable', ending: '.frames.csv', encode: framesCsv },
  json: {
    file: 'measures',
    ending: '.measures.json',
    encode: (result) => measuresJson(result, `echoloop ${codeVersion()}`),
  },
  'dicom-seg': { file: 'dicomSegmentation', ending: '.seg.dcm', encode: encodeDicomSegmentation },
  'dicom-sc': { file: 'dicomCapture', ending: '.overlay.dcm', encode: encodeDicomCapture },
  'dicom-sr': { file: 'dicomReport', ending: '.sr.dcm', encode: encodeDicomReport },
};

// The writer of DICOM is large: it is loaded by those who ask for it.

async function encodeDicomSegmentation(result: SegmentationResult): Promise<Uint8Array> {
  const { encodeSegmentation } = await import('../../exports/dicom/segmentation.ts');
  return encodeSegmentation({ ...result, version: codeVersion() });
}

async function encodeDicomCapture(result: SegmentationResult): Promise<Uint8Array> {
  const { encodeSecondaryCapture } = await import('../../exports/dicom/secondary-capture.ts');
  return encodeSecondaryCapture({ ...result, version: codeVersion() }, flaggedFrames(result.measures));
}

async function encodeDicomReport(result: SegmentationResult): Promise<Uint8Array> {
  const { encodeStructuredReport } = await import('../../exports/dicom/structured-report.ts');
  return encodeStructuredReport({ ...result, version: codeVersion() }, result.measures);
}

const uncertaintyEncodings: readonly Encoding[] = [
  {
    file: 'confidence',
    ending: '.confidence.nii.gz',
    encode: ({ confidence, image }) => writeGreyNifti(confidence!, 'float32', image.layout),
  },
  {
    file: 'uncertaintyOverlay',
    ending: '.uncertainty.gif',
    encode: ({ image, labels, confidence }) => encodeUncertaintyGif(image, labels, confidence!),
  },
];

function encodeOverlayFilm(
  { image, labels, measures }: SegmentationResult,
  { filmWriter }: ResultRequest,
): Promise<Uint8Array> {
  const flagged = flaggedFrames(measures);
  const paint = (frame: number) => paintOverlayFrame(image, labels, frame, filmSide, flagged.includes(frame));
  function* pictures() {
    for (let frame = 0; frame < image.frames; frame++) yield overlayRgb(paint(frame));
  }
  const { width, height } = overlaySize(image, filmSide);
  return filmWriter!.encode(pictures, { width, height, frameTimeMs: image.frameTimeMs });
}

function encodingsOf({ formats, uncertainty }: ResultRequest): readonly Encoding[] {
  return [...formats.map((format) => encodings[format]), ...(uncertainty ? uncertaintyEncodings : [])];
}

function resultFiles(video: string, request: ResultRequest): ResultFiles {
  const stem = join(request.out, videoName(video));
  return Object.fromEntries(encodingsOf(request).map(({ file, ending }) => [file, stem + ending]));
}

/** What formats of DICOM need of the recording's own file; undefined where they are not asked for, or it is none. */
export async function readSource(
  video: string,
  { formats }: ResultRequest,
): Promise<SourceRecording | undefined> {
  if (!formats.some((format) => format.startsWith('dicom-'))) return undefined;
  const bytes = await readFile(video);
  return isDicom(bytes) ? readSourceRecording(bytes, video) : undefined;
}

/** Writes every file that is asked for, each whole or not at all. @returns their paths. */
export async function writeResults(
  video: string,
  request: ResultRequest,
  result: SegmentationResult,
): Promise<ResultFiles> {
  const files = resultFiles(video, request);
  for (const { file, encode } of encodingsOf(request)) {
    await writeWholeFile(files[file]!, await encode(result, request));
  }
  return files;
}

/**
 * @throws DomainError ConfigInvalid when two videos would be written to one file, or a result would replace a video;
 * BackendMissing when mp4 is asked for and there is no ffmpeg.
 */
export function checkResultFiles(videos: readonly string[], request: ResultRequest): void {
  if (request.formats.includes('mp4') && request.filmWriter === undefined) {
    throw new DomainError(
      'BackendMissing',
      'expected ffmpeg for the format mp4, found none on the PATH nor by ECHOLOOP_FFMPEG. Install it, name it by ECHOLOOP_FFMPEG, or leave mp4 out of --format (gif needs none).',
    );
  }
  const inputs = new Set(videos.map((video) => resolve(video)));
  const seen = new Map<string, string>();
  for (const video of videos) {
    for (const output of Object.values(resultFiles(video, request)) as string[]) {
      if (inputs.has(resolve(output))) {
        throw new DomainError(
          'ConfigInvalid',
          `a result of ${video} would replace the video ${output}. Choose another --out than ${request.out}.`,
        );
      }
      const other = seen.get(output);
      if (other === video) {
        throw new DomainError('ConfigInvalid', `${video} is named twice. Name each video once.`);
      }
      if (other !== undefined) {
        throw new DomainError(
          'ConfigInvalid',
          `${other} and ${video} would both be written to ${basename(output)}. Segment them into two folders.`,
        );
      }
      seen.set(output, video);
    }
  }
}
