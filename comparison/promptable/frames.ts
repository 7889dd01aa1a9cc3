/** Frames as promptable models see them, prompts out of masks, and logits back on the grid of the frame. */
import { DomainError } from '../../ground/errors.ts';
import { LEFT_VENTRICLE, MYOCARDIUM } from '../../ground/labels.ts';
import type { GreyVideo } from '../../imaging/image.ts';
import type { OnnxArray } from './onnx.ts';

export interface FrameSettings {
  /** Side of the square input, pixels. */
  readonly size: number;
  /** Stretched to the square, or its longer side, with black to the right and below. */
  readonly fit: 'stretch' | 'pad';
  /** To [0, 1] by the frame's own range, or as Segment Anything has it. */
  readonly levels: 'minmax' | 'sam';
  readonly channels: 1 | 3;
}

/** How pixels of the frame become those of the input. */
export interface FrameScale {
  readonly row: number;
  readonly column: number;
}

const SAM_MEANS = [123.675, 116.28, 103.53] as const;
const SAM_DEVIATIONS = [58.395, 57.12, 57.375] as const;

export function scaleOf(
  { rows, columns }: Pick<GreyVideo, 'rows' | 'columns'>,
  { size, fit }: FrameSettings,
): FrameScale {
  if (fit === 'stretch') return { row: size / rows, column: size / columns };
  const scale = size / Math.max(rows, columns);
  return { row: scale, column: scale };
}

/** [1, channels, size, size]; grey levels in straight lines between pixels. */
export function frameInput(video: GreyVideo, frame: number, settings: FrameSettings): OnnxArray {
  const { size, channels, levels } = settings;
  const { rows, columns } = video;
  const pixels = video.intensities.subarray(frame * rows * columns, (frame + 1) * rows * columns);
  const scale = scaleOf(video, settings);
  const [height, width] = [Math.round(rows * scale.row), Math.round(columns * scale.column)];
  const grey = resized(pixels, { rows, columns }, { rows: height, columns: width });
  const [low, high] = rangeOf(grey);
  const data = new Float32Array(channels * size * size);
  for (let k = 0; k < channels; k++) {
    const level = (value: number) =>
      levels === 'minmax'
        ? (value - low) / Math.max(high - low, 1e-8)
        : (255 * value - SAM_MEANS[k]!) / SAM_DEVIATIONS[k]!;
    for (let r = 0; r < height; r++) {
      for (let c = 0; c < width; c++) data[(k * size + r) * size + c] = level(grey[r * width + c]!);
    }
  }
  return { shape: [1, channels, size, size], data };
}

function rangeOf(values: Float32Array): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}

interface Grid {
  readonly rows: number;
  readonly columns: number;
}

/** Pixel centres onto pixel centres, in straight lines between them. */
function resized(values: Float32Array, from: Grid, to: Grid): Float32Array {
  const result = new Float32Array(to.rows * to.columns);
  const along = (index: number, length: number, source: number) => {
    const at = Math.min(source - 1, Math.max(0, ((index + 0.5) * source) / length - 0.5));
    const below = Math.floor(at);
    return { below, above: Math.min(below + 1, source - 1), share: at - below };
  };
  for (let r = 0; r < to.rows; r++) {
    const row = along(r, to.rows, from.rows);
    for (let c = 0; c < to.columns; c++) {
      const column = along(c, to.columns, from.columns);
      const line = (index: number) => {
        const start = index * from.columns;
        const left = values[start + column.below]!;
        return left + column.share * (values[start + column.above]! - left);
      };
      const top = line(row.below);
      result[r * to.columns + c] = top + row.share * (line(row.above) - top);
    }
  }
  return result;
}

/**
 * Logits [.., height, width] of the whole square input as those of the frame's pixels.
 * @throws DomainError CheckpointIncompatible for what is no such picture
 */
export function logitsOnFrame({ shape, data }: OnnxArray, grid: Grid, settings: FrameSettings): Float32Array {
  const [height = 0, width = 0] = shape.slice(-2);
  if (height * width === 0 || data.length < height * width) {
    throw new DomainError(
      'CheckpointIncompatible',
      `The model gives logits of the shape [${shape.join(', ')}], expected [1, 1, height, width].`,
    );
  }
  const scale = scaleOf(grid, settings);
  // Of the square, the part that the frame fills.
  const filled = {
    rows: Math.max(1, Math.round((grid.rows * scale.row * height) / settings.size)),
    columns: Math.max(1, Math.round((grid.columns * scale.column * width) / settings.size)),
  };
  const part = new Float32Array(filled.rows * filled.columns);
  for (let r = 0; r < filled.rows; r++) {
    part.set(data.subarray(r * width, r * width + filled.columns), r * filled.columns);
  }
  return resized(part, filled, grid);
}

/** Structures that are asked for, by the labels that they are made of. */
export const ventricle = [LEFT_VENTRICLE] as const;
export const epicardium = [LEFT_VENTRICLE, MYOCARDIUM] as const;
export const myocardium = [MYOCARDIUM] as const;

/** [x, y, x, y] of the smallest box around the labels of a frame, in its pixels; undefined without any. */
export function boxOf(
  labels: Uint8Array,
  columns: number,
  wanted: readonly number[],
): readonly [number, number, number, number] | undefined {
  let [left, top, right, bottom] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, -1, -1];
  labels.forEach((label, i) => {
    if (!wanted.includes(label)) return;
    const [r, c] = [Math.floor(i / columns), i % columns];
    [left, right] = [Math.min(left, c), Math.max(right, c)];
    [top, bottom] = [Math.min(top, r), Math.max(bottom, r)];
  });
  return right < 0 ? undefined : [left, top, right, bottom];
}

/** [x, y] of the middle one of the list of such pixels, as SAMUS and MemSAM click; undefined without any. */
export function clickOf(
  labels: Uint8Array,
  columns: number,
  wanted: readonly number[],
): readonly [number, number] | undefined {
  const places: number[] = [];
  labels.forEach((label, i) => {
    if (wanted.includes(label)) places.push(i);
  });
  const middle = places[places.length >> 1];
  return middle === undefined ? undefined : [middle % columns, Math.floor(middle / columns)];
}
