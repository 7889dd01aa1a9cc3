/** Options of commands that read videos: what headers lack, and the program that decodes films. */
import { InvalidArgumentError } from 'commander';
import type { LabelMap } from '../datasets/nifti.ts';
import type { ReadOptions } from '../datasets/read-video.ts';
import type { RefusalReason } from '../datasets/refusal.ts';

export interface ReadingOptions {
  readonly spacingMm?: number;
  readonly frameTimeMs?: number;
  /** Reasons of readers, where the command has no others. */
  readonly force?: readonly RefusalReason[];
}

export async function readingOf({ spacingMm, frameTimeMs, force }: ReadingOptions): Promise<ReadOptions> {
  const { findFilmReader } = await import('../app/media/ffmpeg.ts');
  const filmReader = await findFilmReader(process.env);
  return {
    ...(spacingMm !== undefined && { spacingMm: [spacingMm, spacingMm] as const }),
    ...(frameTimeMs !== undefined && { frameTimeMs }),
    ...(filmReader && { filmReader }),
    ...(force && { force }),
  };
}

/** Parser of pairs such as `3=0,4=2`: a label of the files, then the label that it becomes. */
export function labelMapping(text: string): LabelMap {
  const pairs = text.split(',').map((pair) => /^\s*(\d{1,3})\s*=\s*([0-2])\s*$/.exec(pair));
  if (pairs.some((pair) => pair === null)) {
    throw new InvalidArgumentError(
      `Expected pairs such as 3=0,4=2 that end in 0 (background), 1 (left ventricle) or 2 (myocardium), found "${text}".`,
    );
  }
  return new Map(pairs.map((pair) => [Number(pair![1]), Number(pair![2])]));
}
