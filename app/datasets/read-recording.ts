/**
 * Files of a recording from disk: the video with what lies beside it, and its reference. What was read is digested on
 * the way.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { PlannedLabels, PlannedVideo } from '../../datasets/collections/plan.ts';
import { tracedReference } from '../../datasets/collections/tracings.ts';
import type { ReadSibling } from '../../datasets/metaimage.ts';
import type { LabelMap } from '../../datasets/nifti.ts';
import { readPictureSeries } from '../../datasets/pictures.ts';
import { joinFrameMasks, readMask } from '../../datasets/read-mask.ts';
import { type ReadOptions, readVideo } from '../../datasets/read-video.ts';
import type { RecordedVideo } from '../../datasets/video-facts.ts';
import { withoutUnknown } from '../../imaging/annotation.ts';
import type { LabelVideo } from '../../imaging/image.ts';

export interface ReadRecording {
  readonly video: RecordedVideo;
  /** Of all bytes that the video was read from, twelve hexadecimal digits. */
  readonly digest: string;
}

/** Bytes of a file beside `file`; undefined when it is not there. */
function siblingsOf(file: string, onRead: (bytes: Uint8Array) => void = () => {}): ReadSibling {
  return async (name) => {
    try {
      const bytes = await readFile(join(dirname(file), name));
      onRead(bytes);
      return bytes;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  };
}

/** A video of any known format, by its path. @throws what readVideo throws, and errors of the file system */
export async function readVideoFile(file: string, options: ReadOptions = {}): Promise<ReadRecording> {
  const hash = createHash('sha256');
  const bytes = await readFile(file);
  hash.update(bytes);
  const readSibling = siblingsOf(file, (beside) => hash.update(beside));
  const video = await readVideo(bytes, file, { ...options, readSibling });
  return { video, digest: hash.digest('hex').slice(0, 12) };
}

/** A planned video: one file, or a series of pictures. */
export async function readPlannedVideo(planned: PlannedVideo, options: ReadOptions): Promise<ReadRecording> {
  const given = { ...planned.given, ...options };
  if (planned.pictures === undefined) return readVideoFile(planned.file, given);
  const { pictures } = planned;
  const hash = createHash('sha256');
  const read = async (index: number) => {
    const bytes = await readFile(pictures[index]!);
    hash.update(bytes);
    return bytes;
  };
  const video = await readPictureSeries(pictures.length, read, planned.file, given);
  return { video, digest: hash.digest('hex').slice(0, 12) };
}

/** Files of a reference. */
export function labelFiles(labels: PlannedLabels | undefined): string[] {
  if (labels?.kind === 'mask') return [labels.file];
  return labels?.kind === 'frames' ? labels.masks.map(({ file }) => file) : [];
}

/**
 * The reference of a video on its grid, with what it knows; what a table states wins over what the reference shows.
 * @throws what readMask throws, and errors of the file system
 */
export async function readPlannedLabels(
  { labels, labelMap, annotatedFrames, annotatedLabels }: PlannedVideo,
  video: RecordedVideo,
  stated: LabelMap | undefined,
): Promise<LabelVideo | undefined> {
  if (labels === undefined) return undefined;
  const map = stated ?? labelMap;
  const maskOf = async (file: string, target: RecordedVideo | Parameters<typeof readMask>[2]) =>
    readMask(await readFile(file), file, target, { labelMap: map, readSibling: siblingsOf(file) });
  const reference =
    labels.kind === 'mask'
      ? await maskOf(labels.file, video)
      : labels.kind === 'tracings'
        ? tracedReference(video, labels.tracings)
        : await joinFrameMasks(
            labels.masks.map(({ file, frame }) => ({ frame, read: (target) => maskOf(file, target) })),
            video,
            labels.masks[0]!.file,
          );
  if (reference === undefined) return undefined;
  return withoutUnknown({
    ...reference,
    ...(annotatedFrames && { annotatedFrames }),
    ...(annotatedLabels && { annotatedLabels }),
  });
}
