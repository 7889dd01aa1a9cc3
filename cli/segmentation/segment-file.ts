/** One video file into a mask and an overlay beside each other. */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DomainError } from '../../contracts/errors.ts';
import { writeLabelNifti } from '../../datasets/nifti.ts';
import { readVideo } from '../../datasets/read-video.ts';
import type { GreyVideo, LabelVideo } from '../../imaging/image.ts';
import { encodeOverlayGif } from '../../report/overlay-gif.ts';
import { writeWholeFile } from '../../storage/whole-file.ts';
import type { LoadedModel } from './load-model.ts';
import { segmentVideo } from './segment-video.ts';
import { videoName } from './video-names.ts';

export interface SegmentedFile {
  readonly video: string;
  readonly mask: string;
  readonly overlay: string;
  readonly frames: number;
  readonly seconds: number;
}

/**
 * Writes `<name>.nii.gz` (same grid and spacing as the video) and `<name>.gif` into `out`.
 * @throws DomainError of the reader, or ConfigInvalid when the mask would replace the video itself.
 */
export async function segmentFile(file: string, model: LoadedModel, out: string): Promise<SegmentedFile> {
  const { video, mask, overlay, frames, seconds } = await segmentToVideo(file, model, out);
  return { video, mask, overlay, frames, seconds };
}

/** As segmentFile, with the pixels for whoever draws them. */
export async function segmentToVideo(
  file: string,
  model: LoadedModel,
  out: string,
): Promise<SegmentedFile & { image: GreyVideo; labels: LabelVideo }> {
  const started = performance.now();
  const mask = join(out, `${videoName(file)}.nii.gz`);
  const overlay = join(out, `${videoName(file)}.gif`);
  if (resolve(mask) === resolve(file)) {
    throw new DomainError(
      'ConfigInvalid',
      `the mask would replace the video itself. Choose another --out than ${out}.`,
    );
  }
  const image = await readVideo(await readFile(file), file);
  const labels = segmentVideo(image, model.policy, model);
  await writeWholeFile(mask, writeLabelNifti(labels));
  await writeWholeFile(overlay, encodeOverlayGif(image, labels));
  const seconds = Number(((performance.now() - started) / 1000).toFixed(2));
  return { video: file, mask, overlay, frames: image.frames, seconds, image, labels };
}
