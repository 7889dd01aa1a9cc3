/** Segments video files: masks, overlays, measures and whatever else is asked for of each, as files in a folder. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PresetName } from '../../contracts/preset-names.ts';
import type { ReadOptions } from '../../datasets/read-video.ts';
import type { MeasuredVideo } from '../../exports/measures/measured-video.ts';
import { videosCsv } from '../../exports/measures/measures-csv.ts';
import { DomainError } from '../../ground/errors.ts';
import { type GreyVideo, geometryOf, type LabelVideo } from '../../imaging/image.ts';
import { videoMeasures } from '../../metrics/video-measures.ts';
import { selectTensorBackend, type TensorBackend } from '../../runtime/tensors.ts';
import { writeWholeFile } from '../../storage/whole-file.ts';
import { readVideoFile } from '../datasets/read-recording.ts';
import { type FileProblem, problemOf } from '../file-problem.ts';
import type { FilmWriter } from '../media/film-writer.ts';
import { requirePaths } from '../named-paths.ts';
import { videoName } from '../video-name.ts';
import type { LoadedModel } from './networks.ts';
import { isModelFile, loadNamedNetworks } from './networks.ts';
import {
  checkResultFiles,
  type ResultFiles,
  type ResultRequest,
  readSource,
  writeResults,
} from './result-files.ts';
import { type ResultFormat, usualFormats } from './result-formats.ts';
import { type Optimisation, type SegmentationExtras, segmentVideo } from './segment-video.ts';

export interface SegmentRequest {
  /** Files of any format that is read. */
  readonly videos: readonly string[];
  /** A policy checkpoint (.safetensors), or the name of a model in the store. */
  readonly model: string;
  /** Folder for the results; made when it is absent. */
  readonly out: string;
  /** What is written of each video; a mask and an overlay when left out. */
  readonly formats?: readonly ResultFormat[];
  /** How videos were prepared, for a policy that does not come with that. */
  readonly preset?: PresetName | undefined;
  /** Test-time augmentation: the mean over several views of each video (method.md 8). */
  readonly augment?: boolean;
  /** Test-time optimisation of a segmentation that is not valid, by the reward networks (method.md 8). */
  readonly optimise?: boolean;
  /** Also writes how sure each pixel is (method.md 8). */
  readonly uncertainty?: boolean;
  /** Checkpoint files of reward networks, at most one of a kind; a model in the store brings its own. */
  readonly rewards?: readonly string[];
  /** A file of linear shapes, for a policy that brings none: a file, or one that was imported into the store. */
  readonly shapes?: string | undefined;
  /** For the format mp4 (findFilmWriter). */
  readonly filmWriter?: FilmWriter | undefined;
  /** What headers lack, and a program that decodes films. */
  readonly reading?: ReadOptions;
}

/** What is told while the videos are segmented. */
export interface SegmentProgress {
  /** Where tensors run; before the first video. */
  readonly onBackend?: (backend: TensorBackend) => void;
  /** The policy's segmentations are to be completed, and there are no shapes to do it with. */
  readonly onShapesMissing?: () => void;
  readonly onVideo?: (video: string, index: number) => void;
  readonly onSegmented?: (segmented: SegmentedFile) => void;
}

export interface SegmentedFile extends ResultFiles {
  readonly video: string;
  readonly frames: number;
  readonly seconds: number;
  /** Mean of 1 - confidence over the segmented pixels, in [0, 1]; with uncertainty, null for an empty segmentation. */
  readonly meanUncertainty?: number | null;
  /**
   * How much of what the policy saw is a likely heart, in [0, 1], where the segmentation was to be completed: below
   * `likelyHeartAgreement` most of its shape is guessed, and somebody should look.
   */
  readonly shapeAgreement?: number;
  /** With that: false where it was too little (`inference.completion.leaveBelow`), and the mask is what was seen. */
  readonly completed?: boolean;
  /** There where the policy saw a likelier heart in the mirror image, which the mask is of: probably it is one. */
  readonly mirrored?: true;
  /** What test-time optimisation found and did. */
  readonly optimisation?: Optimisation;
}

export interface Segmented {
  /** Name of the tensor back end. */
  readonly backend: string;
  readonly videos: readonly SegmentedFile[];
  /** CSV with a row for each of these videos; where csv is among the formats. */
  readonly table?: string;
  /** There where segmentations were to be completed (method.md 4.4) and no shapes were known: none is. */
  readonly shapesMissing?: true;
  /** Videos that could not be segmented, and why. */
  readonly problems: readonly FileProblem[];
}

/**
 * Segments each video by itself: one that cannot be read is listed among the problems and the others go on.
 * @throws DomainError ConfigInvalid, ArtefactMissing, DatasetInvalid before anything is segmented, where the request
 * names what is not there or does not fit together; CheckpointIncompatible, StorageUnavailable of loading the networks.
 */
export async function segment(request: SegmentRequest, progress: SegmentProgress = {}): Promise<Segmented> {
  const {
    videos,
    out,
    formats = usualFormats,
    augment = false,
    optimise = false,
    uncertainty = false,
  } = request;
  const results = { out, formats, uncertainty, filmWriter: request.filmWriter };
  checkResultFiles(videos, results);
  const fromFile = await isModelFile(request.model);
  checkRewards(request, fromFile);
  await checkFiles(request, fromFile);
  const backend = await selectTensorBackend();
  const { model, reward } = await loadNamedNetworks(request, fromFile);
  try {
    await mkdir(out, { recursive: true });
    progress.onBackend?.(backend);
    const shapesMissing = model.inference.completion.enabled && !model.shapes;
    if (shapesMissing) progress.onShapesMissing?.();
    const done: SegmentedFile[] = [];
    const measured: MeasuredVideo[] = [];
    const problems: FileProblem[] = [];
    for (const [index, video] of videos.entries()) {
      progress.onVideo?.(video, index);
      try {
        const extras = { augment, optimise, uncertainty, reward };
        const { file, result } = await segmentFile(video, model, results, extras, request.reading);
        done.push(file);
        measured.push({ name: result.name, geometry: result.geometry, measures: result.measures });
        progress.onSegmented?.(file);
      } catch (error) {
        problems.push(problemOf(video, error));
      }
    }
    const table = await writeTable(results, measured);
    return {
      ...{ backend: backend.name, videos: done, ...table },
      ...(shapesMissing && { shapesMissing }),
      problems,
    };
  } finally {
    model.policy.dispose();
    reward?.dispose();
  }
}

async function writeTable(
  { out, formats }: ResultRequest,
  measured: readonly MeasuredVideo[],
): Promise<Pick<Segmented, 'table'>> {
  if (!formats.includes('csv')) return {};
  const table = join(out, 'measures.csv');
  await writeWholeFile(table, videosCsv(measured));
  return { table };
}

/**
 * Segments one video and writes its files, of its own name, into the folder. A tensor back end must be registered.
 * @returns the pixels too, for whoever draws them.
 * @throws DomainError of the reader, or ConfigInvalid when a result would replace the video itself.
 */
export async function segmentFile(
  video: string,
  model: LoadedModel,
  results: ResultRequest,
  extras?: SegmentationExtras,
  reading?: ReadOptions,
): Promise<{ file: SegmentedFile; result: MeasuredVideo & { image: GreyVideo; labels: LabelVideo } }> {
  const started = performance.now();
  checkResultFiles([video], results);
  const { video: image } = await readVideoFile(video, reading);
  const { labels, confidence, optimisation, completion, mirrored } = segmentVideo(
    image,
    model.policy,
    model,
    extras,
  );
  const measures = videoMeasures(labels, confidence);
  const result = {
    ...{ name: videoName(video), geometry: geometryOf(image), measures, image, labels, confidence },
    ...{ source: await readSource(video, results), made: new Date() },
  };
  const files = await writeResults(video, results, result);
  return {
    file: {
      video,
      ...files,
      frames: image.frames,
      seconds: Number(((performance.now() - started) / 1000).toFixed(2)),
      ...(confidence && { meanUncertainty: measures.meanUncertainty ?? null }),
      ...(completion && {
        shapeAgreement: Number(completion.agreement.toFixed(3)),
        completed: completion.taken,
      }),
      ...(mirrored && { mirrored }),
      ...(optimisation && { optimisation }),
    },
    result,
  };
}

/**
 * @throws DomainError ConfigInvalid when reward networks are needed that nothing names, or named and needed by nothing.
 */
function checkRewards(
  { model, rewards = [], optimise, uncertainty }: SegmentRequest,
  fromFile: boolean,
): void {
  if (!optimise && !uncertainty) {
    if (rewards.length === 0) return;
    throw new DomainError(
      'ConfigInvalid',
      '--reward is used by --tto and --uncertainty alone. Add one of them, or leave it out.',
    );
  }
  if (!fromFile || rewards.length > 0) return;
  throw new DomainError(
    'ConfigInvalid',
    `${optimise ? '--tto' : '--uncertainty'} needs a reward network, and the policy file ${model} names none. Add --reward FILE (a checkpoint of kind anatomical-reward or landmark-reward), or name a model in the store, which has its own.`,
  );
}

/** @throws DomainError naming what is not there or not needed: nothing is segmented when a name is wrong. */
async function checkFiles(
  { videos, model, rewards = [], shapes }: SegmentRequest,
  fromFile: boolean,
): Promise<void> {
  await requirePaths(
    [...(fromFile ? [model] : []), ...rewards, ...(shapes === undefined ? [] : [shapes])],
    'ArtefactMissing',
    "--model takes a .safetensors file of a policy, or the name of a model in the store; --reward takes a .safetensors file of a reward network, --shapes that of a run's linear shapes.",
  );
  await requirePaths(videos, 'DatasetInvalid', 'Check the path: nothing was segmented.');
}
