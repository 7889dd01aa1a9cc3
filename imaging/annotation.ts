/**
 * What a reference knows. Hospitals and public sets draw end-diastole and end-systole alone, EchoNet the ventricle
 * alone; what nobody drew is unknown there, not background, and is neither scored nor learnt from.
 */
import { DomainError } from '../ground/errors.ts';
import { BACKGROUND, LEFT_VENTRICLE, MYOCARDIUM } from '../ground/labels.ts';
import type { GreyVideo, LabelVideo } from './image.ts';

const STRUCTURES = [LEFT_VENTRICLE, MYOCARDIUM] as const;

/** Frames that the reference knows, rising. */
export function annotatedFramesOf({ frames, annotatedFrames }: LabelVideo): readonly number[] {
  return annotatedFrames ?? Array.from({ length: frames }, (_, frame) => frame);
}

/** Structures that the reference knows, rising. */
export function annotatedLabelsOf({ annotatedLabels }: LabelVideo): readonly number[] {
  return annotatedLabels ?? STRUCTURES;
}

/** True where nothing is known to be missing. */
export function isFullyAnnotated(reference: LabelVideo): boolean {
  return (
    annotatedFramesOf(reference).length === reference.frames &&
    STRUCTURES.every((label) => annotatedLabelsOf(reference).includes(label))
  );
}

/**
 * What a reference shows that it knows: in a view of the heart the ventricle is always there, so frames without any
 * label were not drawn where others were, and a structure that is in no frame was not drawn at all. What is stated
 * already stays. A reference without any label knows nothing that could be told apart from a mistake and stays as it
 * is.
 */
export function withInferredAnnotation(reference: LabelVideo): LabelVideo {
  const { frames, rows, columns, labels } = reference;
  const pixels = rows * columns;
  const drawn: number[] = [];
  for (let frame = 0; frame < frames; frame++) {
    const ofFrame = labels.subarray(frame * pixels, (frame + 1) * pixels);
    if (ofFrame.some((label) => label !== BACKGROUND)) drawn.push(frame);
  }
  if (drawn.length === 0) return reference;
  const present = STRUCTURES.filter((label) => labels.includes(label));
  return {
    ...(drawn.length < frames && { annotatedFrames: drawn }),
    ...(present.length < STRUCTURES.length && { annotatedLabels: present }),
    ...reference,
  };
}

/**
 * A reference with what a table states that it knows, which wins over what it shows.
 * @throws DatasetInvalid for frames that the video has not or that are not in rising order, and labels that are none:
 * frames that are not there would count as drawn without an error
 */
export function withStatedAnnotation(
  reference: LabelVideo,
  { annotatedFrames, annotatedLabels }: Pick<LabelVideo, 'annotatedFrames' | 'annotatedLabels'>,
): LabelVideo {
  requireRising('annotatedFrames', annotatedFrames, [0, reference.frames - 1]);
  requireRising('annotatedLabels', annotatedLabels, [LEFT_VENTRICLE, MYOCARDIUM]);
  return {
    ...reference,
    ...(annotatedFrames && { annotatedFrames }),
    ...(annotatedLabels && { annotatedLabels }),
  };
}

function requireRising(
  column: string,
  numbers: readonly number[] = [],
  [least, greatest]: readonly [number, number],
): void {
  const isSound = numbers.every(
    (number, i) =>
      Number.isInteger(number) &&
      number >= least &&
      number <= greatest &&
      (i === 0 || number > numbers[i - 1]!),
  );
  if (isSound) return;
  throw new DomainError(
    'DatasetInvalid',
    `expected ${column} to be rising numbers from ${least} to ${greatest} (frames are counted from 0), found ${numbers.join(' ')}. Correct the table.`,
  );
}

function onlyFrames(video: LabelVideo, frames: readonly number[]): LabelVideo {
  const pixels = video.rows * video.columns;
  const labels = new Uint8Array(frames.length * pixels);
  for (const [i, frame] of frames.entries())
    labels.set(video.labels.subarray(frame * pixels, (frame + 1) * pixels), i * pixels);
  const { annotatedFrames: _, ...rest } = video;
  return { ...rest, frames: frames.length, labels };
}

/**
 * The part of a segmentation that `reference` can say something about: its annotated frames, in order, and in them
 * its structures; everything else is background. The video itself where the reference knows all.
 */
export function annotatedPart(video: LabelVideo, reference: LabelVideo): LabelVideo {
  if (isFullyAnnotated(reference)) return video;
  const known = annotatedLabelsOf(reference);
  const part = onlyFrames(video, annotatedFramesOf(reference));
  return { ...part, labels: part.labels.map((label) => (known.includes(label) ? label : BACKGROUND)) };
}

/** The reference with background wherever it says nothing, so that its labels alone show what it knows. */
export function withoutUnknown(reference: LabelVideo): LabelVideo {
  if (isFullyAnnotated(reference)) return reference;
  const pixels = reference.rows * reference.columns;
  const known = annotatedLabelsOf(reference);
  const labels = new Uint8Array(reference.labels.length);
  for (const frame of annotatedFramesOf(reference)) {
    for (let i = frame * pixels; i < (frame + 1) * pixels; i++) {
      const label = reference.labels[i]!;
      if (known.includes(label)) labels[i] = label;
    }
  }
  return { ...reference, labels };
}

/** The frames of a map that `reference` annotates; the map itself where it annotates all. */
export function annotatedFramesOfMap(map: GreyVideo, reference: LabelVideo): GreyVideo {
  const frames = annotatedFramesOf(reference);
  if (frames.length === map.frames) return map;
  const pixels = map.rows * map.columns;
  const intensities = new Float32Array(frames.length * pixels);
  for (const [i, frame] of frames.entries())
    intensities.set(map.intensities.subarray(frame * pixels, (frame + 1) * pixels), i * pixels);
  return { ...map, frames: frames.length, intensities };
}

/**
 * 1 where a pixel of the reference may enter a loss or a score, 0 where nobody drew, shape [frames, rows, columns]:
 * frames that are not annotated, and, where only some structures are known, all but these (background there may be a
 * structure that was not drawn).
 */
export function annotationMask(reference: LabelVideo): Uint8Array {
  const pixels = reference.rows * reference.columns;
  const known = annotatedLabelsOf(reference);
  const knowsAll = STRUCTURES.every((label) => known.includes(label));
  const mask = new Uint8Array(reference.frames * pixels);
  for (const frame of annotatedFramesOf(reference)) {
    const [start, end] = [frame * pixels, (frame + 1) * pixels];
    if (knowsAll) mask.fill(1, start, end);
    else for (let i = start; i < end; i++) mask[i] = known.includes(reference.labels[i]!) ? 1 : 0;
  }
  return mask;
}

/**
 * First frames of windows of `length` that hold at least one annotated frame, each frame in as few as `stride`
 * allows.
 */
export function annotatedWindows(reference: LabelVideo, length: number, stride: number): number[] {
  const last = Math.max(0, reference.frames - length);
  const annotated = annotatedFramesOf(reference);
  const starts: number[] = [];
  for (let start = 0; start <= last + stride - 1; start += stride) {
    const from = Math.min(start, last);
    if (starts.at(-1) === from) break;
    if (annotated.some((frame) => frame >= from && frame < from + length)) starts.push(from);
  }
  return starts;
}
