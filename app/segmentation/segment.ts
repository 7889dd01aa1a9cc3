/** Segments video files: a mask, an overlay and, when asked for, a confidence map of each, as files in a folder. */

import { mkdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { PresetName } from '../../contracts/preset-names.ts';
import { writeGreyNifti, writeLabelNifti } from '../../datasets/nifti.ts';
import type { ReadOptions } from '../../datasets/read-video.ts';
import { DomainError } from '../../ground/errors.ts';
import { BACKGROUND } from '../../ground/labels.ts';
import type { GreyVideo, LabelVideo } from '../../imaging/image.ts';
import { encodeOverlayGif } from '../../report/overlay-gif.ts';
import { encodeUncertaintyGif } from '../../report/uncertainty-gif.ts';
import { selectTensorBackend, type TensorBackend } from '../../runtime/tensors.ts';
import { writeWholeFile } from '../../storage/whole-file.ts';
import { readVideoFile } from '../datasets/read-recording.ts';
import { type FileProblem, problemOf } from '../file-problem.ts';
import { requirePaths } from '../named-paths.ts';
import { videoName } from '../video-name.ts';
import type { LoadedModel } from './networks.ts';
import { isModelFile, loadNamedNetworks } from './networks.ts';
import { type Optimisation, type SegmentationExtras, segmentVideo } from './segment-video.ts';

export interface SegmentRequest {
  /** Files of any format that is read. */
  readonly videos: readonly string[];
  /** A policy checkpoint (.safetensors), or the name of a model in the store. */
  readonly model: string;
  /** Folder for the results; made when it is absent. */
  readonly out: string;
  /** How videos were prepared, for a checkpoint file that does not say so itself. */
  readonly preset?: PresetName | undefined;
  /** Test-time augmentation: the mean over several views of each video (method.md 8). */
  readonly augment?: boolean;
  /** Test-time optimisation of a segmentation that is not valid, by the reward networks (method.md 8). */
  readonly optimise?: boolean;
  /** Also writes how sure each pixel is (method.md 8). */
  readonly uncertainty?: boolean;
  /** Checkpoint files of reward networks, at most one of a kind; a model in the store brings its own. */
  readonly rewards?: readonly string[];
  /** What headers lack, and a program that decodes films. */
  readonly reading?: ReadOptions;
}

/** What is told while the videos are segmented. */
export interface SegmentProgress {
  /** Where tensors run; before the first video. */
  readonly onBackend?: (backend: TensorBackend) => void;
  readonly onVideo?: (video: string, index: number) => void;
  readonly onSegmented?: (segmented: SegmentedFile) => void;
}

export interface OutputFiles {
  readonly mask: string;
  readonly overlay: string;
  /** With uncertainty. */
  readonly confidence?: string;
  readonly uncertaintyOverlay?: string;
}

export interface SegmentedFile extends OutputFiles {
  readonly video: string;
  readonly frames: number;
  readonly seconds: number;
  /** Mean of 1 - confidence over the segmented pixels, in [0, 1]; with uncertainty, null for an empty segmentation. */
  readonly meanUncertainty?: number | null;
  /** What test-time optimisation found and did. */
  readonly optimisation?: Optimisation;
}

export interface Segmented {
  /** Name of the tensor back end. */
  readonly backend: string;
  readonly videos: readonly SegmentedFile[];
  /** Videos that could not be segmented, and why. */
  readonly problems: readonly FileProblem[];
}

/**
 * Segments each video by itself: one that cannot be read is listed among the problems and the others go on.
 * @throws DomainError ConfigInvalid, ArtefactMissing, DatasetInvalid before anything is segmented, where the request
 * names what is not there or does not fit together; CheckpointIncompatible, StorageUnavailable of loading the networks.
 */
export async function segment(request: SegmentRequest, progress: SegmentProgress = {}): Promise<Segmented> {
  const { videos, out, augment = false, optimise = false, uncertainty = false } = request;
  checkOutputs(videos, out, uncertainty);
  const fromFile = await isModelFile(request.model);
  checkRewards(request, fromFile);
  await checkFiles(request, fromFile);
  const backend = await selectTensorBackend();
  const { model, reward } = await loadNamedNetworks(request, fromFile);
  try {
    await mkdir(out, { recursive: true });
    progress.onBackend?.(backend);
    const done: SegmentedFile[] = [];
    const problems: FileProblem[] = [];
    for (const [index, video] of videos.entries()) {
      progress.onVideo?.(video, index);
      try {
        const extras = { augment, optimise, uncertainty, reward };
        const {
          image: _,
          labels: __,
          ...segmented
        } = await segmentFile(video, model, out, extras, request.reading);
        done.push(segmented);
        progress.onSegmented?.(segmented);
      } catch (error) {
        problems.push(problemOf(video, error));
      }
    }
    return { backend: backend.name, videos: done, problems };
  } finally {
    model.policy.dispose();
    reward?.dispose();
  }
}

/**
 * Writes `<name>.nii.gz` (same grid and spacing as the video) and `<name>.gif` into `out`; with uncertainty also
 * `<name>.confidence.nii.gz` and `<name>.uncertainty.gif`. A tensor back end must be registered.
 * @returns the pixels too, for whoever draws them.
 * @throws DomainError of the reader, or ConfigInvalid when a result would replace the video itself.
 */
export async function segmentFile(
  file: string,
  model: LoadedModel,
  out: string,
  extras?: SegmentationExtras,
  reading?: ReadOptions,
): Promise<SegmentedFile & { image: GreyVideo; labels: LabelVideo }> {
  const started = performance.now();
  const uncertainty = extras?.uncertainty === true;
  checkOutputs([file], out, uncertainty);
  const files = outputFiles(file, out, uncertainty);
  const { video: image } = await readVideoFile(file, reading);
  const { labels, confidence, optimisation } = segmentVideo(image, model.policy, model, extras);
  await writeWholeFile(files.mask, writeLabelNifti(labels, image.layout));
  await writeWholeFile(files.overlay, encodeOverlayGif(image, labels));
  if (confidence && files.confidence && files.uncertaintyOverlay) {
    await writeWholeFile(files.confidence, writeGreyNifti(confidence, 'float32', image.layout));
    await writeWholeFile(files.uncertaintyOverlay, encodeUncertaintyGif(image, labels, confidence));
  }
  return {
    video: file,
    ...files,
    frames: image.frames,
    seconds: Number(((performance.now() - started) / 1000).toFixed(2)),
    ...(confidence && { meanUncertainty: meanUncertaintyOf(confidence, labels) }),
    ...(optimisation && { optimisation }),
    image,
    labels,
  };
}

function meanUncertaintyOf({ intensities }: GreyVideo, { labels }: LabelVideo): number | null {
  let sum = 0;
  let pixels = 0;
  labels.forEach((label, i) => {
    if (label === BACKGROUND) return;
    sum += 1 - intensities[i]!;
    pixels++;
  });
  return pixels === 0 ? null : sum / pixels;
}

function outputFiles(video: string, out: string, uncertainty: boolean): OutputFiles {
  const stem = join(out, videoName(video));
  return {
    mask: `${stem}.nii.gz`,
    overlay: `${stem}.gif`,
    ...(uncertainty && {
      confidence: `${stem}.confidence.nii.gz`,
      uncertaintyOverlay: `${stem}.uncertainty.gif`,
    }),
  };
}

/**
 * @throws DomainError ConfigInvalid when two videos would be written to one file, or a result would replace a video.
 */
function checkOutputs(videos: readonly string[], out: string, uncertainty: boolean): void {
  const inputs = new Set(videos.map((video) => resolve(video)));
  const seen = new Map<string, string>();
  for (const video of videos) {
    for (const output of Object.values(outputFiles(video, out, uncertainty)) as string[]) {
      if (inputs.has(resolve(output))) {
        throw new DomainError(
          'ConfigInvalid',
          `a result of ${video} would replace the video ${output}. Choose another --out than ${out}.`,
        );
      }
      const other = seen.get(output);
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

/** @throws DomainError naming what is not there: nothing is segmented when a name is wrong. */
async function checkFiles({ videos, model, rewards = [] }: SegmentRequest, fromFile: boolean): Promise<void> {
  await requirePaths(
    fromFile ? [model, ...rewards] : rewards,
    'ArtefactMissing',
    '--model takes a .safetensors file of a policy, or the name of a model in the store; --reward takes a .safetensors file of a reward network.',
  );
  await requirePaths(videos, 'DatasetInvalid', 'Check the path: nothing was segmented.');
}
