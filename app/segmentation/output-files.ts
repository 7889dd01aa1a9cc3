/** Where the results of a segmentation go, and that none of them replaces another one or a video. */
import { basename, join, resolve } from 'node:path';
import { DomainError } from '../../ground/errors.ts';
import { videoName } from './video-names.ts';

export interface OutputFiles {
  readonly mask: string;
  readonly overlay: string;
  /** With --uncertainty. */
  readonly confidence?: string;
  readonly uncertaintyOverlay?: string;
}

export function outputFiles(video: string, out: string, uncertainty: boolean): OutputFiles {
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

/** @throws DomainError ConfigInvalid when two videos would be written to one file, or a result would replace a video. */
export function checkOutputs(videos: readonly string[], out: string, uncertainty: boolean): void {
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
