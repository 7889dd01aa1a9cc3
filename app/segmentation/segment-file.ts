/** One video file into a mask and an overlay beside each other, and a confidence map when asked for. */
import { readFile } from 'node:fs/promises';
import { writeGreyNifti, writeLabelNifti } from '../../datasets/nifti.ts';
import { readVideo } from '../../datasets/read-video.ts';
import { BACKGROUND } from '../../ground/labels.ts';
import type { GreyVideo, LabelVideo } from '../../imaging/image.ts';
import { encodeOverlayGif } from '../../report/overlay-gif.ts';
import { encodeUncertaintyGif } from '../../report/uncertainty-gif.ts';
import { writeWholeFile } from '../../storage/whole-file.ts';
import type { LoadedModel } from './load-model.ts';
import { checkOutputs, type OutputFiles, outputFiles } from './output-files.ts';
import { type Optimisation, type SegmentationExtras, segmentVideo } from './segment-video.ts';

export interface SegmentedFile extends OutputFiles {
  readonly video: string;
  readonly frames: number;
  readonly seconds: number;
  /** Mean of 1 - confidence over the segmented pixels, in [0, 1]; with --uncertainty, null for an empty segmentation. */
  readonly meanUncertainty?: number | null;
  /** What test-time optimisation found and did. */
  readonly optimisation?: Optimisation;
}

/**
 * Writes `<name>.nii.gz` (same grid and spacing as the video) and `<name>.gif` into `out`; with uncertainty also
 * `<name>.confidence.nii.gz` and `<name>.uncertainty.gif`.
 * @throws DomainError of the reader, or ConfigInvalid when a result would replace the video itself.
 */
export async function segmentFile(
  file: string,
  model: LoadedModel,
  out: string,
  extras?: SegmentationExtras,
): Promise<SegmentedFile> {
  const { image: _, labels: __, ...segmented } = await segmentToVideo(file, model, out, extras);
  return segmented;
}

/** As segmentFile, with the pixels for whoever draws them. */
export async function segmentToVideo(
  file: string,
  model: LoadedModel,
  out: string,
  extras?: SegmentationExtras,
): Promise<SegmentedFile & { image: GreyVideo; labels: LabelVideo }> {
  const started = performance.now();
  const uncertainty = extras?.uncertainty === true;
  checkOutputs([file], out, uncertainty);
  const files = outputFiles(file, out, uncertainty);
  const image = await readVideo(await readFile(file), file);
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
