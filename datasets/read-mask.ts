/** Masks of any known format, on the grid of their video. */
import { counted } from '../ground/counted.ts';
import { DomainError } from '../ground/errors.ts';
import { withInferredAnnotation } from '../imaging/annotation.ts';
import type { LabelVideo } from '../imaging/image.ts';
import { decodeMetaImage, isMetaImage, type ReadSibling } from './metaimage.ts';
import {
  type LabelOptions,
  labelsOnGrid,
  labelVideoOf,
  ofVideo,
  readAlignedLabels,
  type TargetGrid,
} from './nifti.ts';

export interface MaskOptions extends LabelOptions {
  readonly readSibling?: ReadSibling;
}

/**
 * A person's mask (NIfTI or MetaImage) of a video or of one of its frames, with what it shows that it knows
 * (imaging/annotation.ts).
 * @throws GeometryMismatch when it does not lie on the grid of `target`, LabelMapInvalid, and what the readers throw
 */
export async function readMask(
  bytes: Uint8Array,
  name: string,
  target: TargetGrid,
  options: MaskOptions = {},
): Promise<LabelVideo> {
  const mask = isMetaImage(bytes)
    ? await readMetaMask(bytes, name, target, options)
    : readAlignedLabels(bytes, name, target, options);
  requireSameGrid(mask, target, name);
  return withInferredAnnotation(mask);
}

async function readMetaMask(
  bytes: Uint8Array,
  name: string,
  target: TargetGrid,
  { labelMap, readSibling, notes }: MaskOptions,
): Promise<LabelVideo> {
  const decoded = await decodeMetaImage(bytes, name, {
    ...ofVideo(target),
    ...(readSibling && { readSibling }),
  });
  const video = labelVideoOf(decoded, name, labelMap);
  return labelsOnGrid(video, decoded.layout, name, target, notes);
}

/** Share by which pixel sizes may differ: headers and tools round. */
const SPACING_TOLERANCE = 0.01;

/** @throws GeometryMismatch when frames, rows, columns or pixel size differ: nothing would say so later. */
function requireSameGrid(mask: LabelVideo, target: TargetGrid, name: string): void {
  const describe = ({ frames, rows, columns, spacingMm }: TargetGrid) =>
    `${counted(frames, 'frame')} of ${rows} x ${columns} pixels of ${spacingMm.join(' x ')} mm`;
  const sameSpacing = mask.spacingMm.every(
    (mm, axis) => Math.abs(mm - target.spacingMm[axis]!) <= SPACING_TOLERANCE * target.spacingMm[axis]!,
  );
  if (
    mask.frames === target.frames &&
    mask.rows === target.rows &&
    mask.columns === target.columns &&
    sameSpacing
  ) {
    return;
  }
  throw new DomainError(
    'GeometryMismatch',
    `${name}: expected the grid of its video, ${describe(target)}, found ${describe(mask)}. Export both on one grid.`,
  );
}

/**
 * Masks of single frames, as CAMUS has them at end-diastole and end-systole, as one reference that knows these frames
 * alone.
 * @throws DatasetInvalid for a frame outside the video, and what readMask throws
 */
export async function joinFrameMasks(
  masks: readonly { readonly frame: number; readonly read: (frame: TargetGrid) => Promise<LabelVideo> }[],
  target: TargetGrid,
  name: string,
): Promise<LabelVideo> {
  const { layout: _, ...geometry } = { ...target, frames: 1 };
  const pixels = target.rows * target.columns;
  const labels = new Uint8Array(target.frames * pixels);
  const known = new Set<number>();
  for (const { frame, read } of masks) {
    if (!(frame >= 0 && frame < target.frames)) {
      throw new DomainError(
        'DatasetInvalid',
        `${name}: expected masks of frames 0 to ${target.frames - 1}, found one of frame ${frame}. Check the info file.`,
      );
    }
    const mask = await read({ ...geometry, ...(target.layout && { layout: target.layout }) });
    labels.set(mask.labels, frame * pixels);
    known.add(frame);
  }
  const { frames, rows, columns, spacingMm, frameTimeMs } = target;
  const annotatedFrames = [...known].sort((a, b) => a - b);
  return withInferredAnnotation({ frames, rows, columns, spacingMm, frameTimeMs, labels, annotatedFrames });
}
