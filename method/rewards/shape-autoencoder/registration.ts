/**
 * Brings segmentations into the square that the shape autoencoder reads, and back. One square serves all frames of a
 * video: it follows the video's epicardium, so shapes of any patient fill it alike, and it stays still over time, so
 * the position and size of each frame inside it remain what the temporal regularisation is about (method.md 4.2).
 */
import { BACKGROUND, CLASS_COUNT } from '../../../ground/labels.ts';
import { median } from '../../../ground/median.ts';
import type { LabelVideo } from '../../../imaging/image.ts';

/**
 * Side of the square, as a multiple of the epicardium's longer side: room for frames that differ from the median one.
 */
const MARGIN = 1.3;
/** Each mask pixel is the mean of this many by this many samples of the frame, so that masks keep sub-pixel borders. */
const SAMPLES = 3;

/** A square on the frame grid; edges in pixels, which may lie between pixels and outside of the frame. */
export interface ShapeBox {
  readonly top: number;
  readonly left: number;
  readonly side: number;
}

/**
 * Edges [top, bottom, left, right] of the foreground of one frame, the far ones exclusive; nothing when it is empty.
 */
function foregroundEdges(
  labels: Uint8Array,
  start: number,
  rows: number,
  columns: number,
): [number, number, number, number] | undefined {
  let [top, bottom, left, right] = [rows, 0, columns, 0];
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      if (labels[start + r * columns + c] === BACKGROUND) continue;
      top = Math.min(top, r);
      bottom = r + 1;
      left = Math.min(left, c);
      right = Math.max(right, c + 1);
    }
  }
  return bottom > top ? [top, bottom, left, right] : undefined;
}

/**
 * The square of a video: centred on the median over frames of the epicardium's edges, so that a broken frame does not
 * move it. Nothing when every frame is empty.
 */
export function shapeBoxOf(video: LabelVideo): ShapeBox | undefined {
  const edges: [number, number, number, number][] = [];
  for (let t = 0; t < video.frames; t++) {
    const found = foregroundEdges(video.labels, t * video.rows * video.columns, video.rows, video.columns);
    if (found) edges.push(found);
  }
  if (edges.length === 0) return undefined;
  const [top, bottom, left, right] = [0, 1, 2, 3].map((edge) =>
    median(edges.map((frame) => frame[edge]!)),
  ) as [number, number, number, number];
  const side = MARGIN * Math.max(bottom - top, right - left);
  return { top: (top + bottom - side) / 2, left: (left + right - side) / 2, side };
}

/**
 * The one-hot mask of a frame inside a box, [size, size, 3] written into `target`. Pixels crossed by a border hold
 * shares of their labels; what lies outside of the frame is background.
 */
export function registerFrame(
  video: LabelVideo,
  frame: number,
  box: ShapeBox,
  size: number,
  target: Float32Array,
): void {
  const { rows, columns, labels } = video;
  const start = frame * rows * columns;
  const step = box.side / (size * SAMPLES);
  const share = 1 / (SAMPLES * SAMPLES);
  target.fill(0);
  for (let y = 0; y < size * SAMPLES; y++) {
    const r = Math.floor(box.top + (y + 0.5) * step);
    const line = Math.floor(y / SAMPLES) * size;
    for (let x = 0; x < size * SAMPLES; x++) {
      const c = Math.floor(box.left + (x + 0.5) * step);
      const inside = r >= 0 && r < rows && c >= 0 && c < columns;
      const label = inside ? labels[start + r * columns + c]! : BACKGROUND;
      target[(line + Math.floor(x / SAMPLES)) * CLASS_COUNT + label]! += share;
    }
  }
}

/**
 * The labels of a frame of that size, [rows, columns] written into `target`, from logits [size, size, 3] inside a box:
 * interpolated linearly at every pixel of the frame, then the largest wins. Background outside of the box.
 */
export function unregisterFrame(
  logits: Float32Array,
  size: number,
  box: ShapeBox,
  { rows, columns }: Pick<LabelVideo, 'rows' | 'columns'>,
  target: Uint8Array,
): void {
  target.fill(BACKGROUND);
  const across = samplesAlong(columns, box.left, box.side, size);
  const down = samplesAlong(rows, box.top, box.side, size);
  for (let r = 0; r < rows; r++) {
    if (!down.inside[r]) continue;
    const upper = down.first[r]! * size;
    const lower = down.second[r]! * size;
    const fall = down.weight[r]!;
    for (let c = 0; c < columns; c++) {
      if (!across.inside[c]) continue;
      const left = across.first[c]!;
      const right = across.second[c]!;
      const slide = across.weight[c]!;
      let best = BACKGROUND as number;
      let largest = Number.NEGATIVE_INFINITY;
      for (let k = 0; k < CLASS_COUNT; k++) {
        const above =
          logits[(upper + left) * CLASS_COUNT + k]! * (1 - slide) +
          logits[(upper + right) * CLASS_COUNT + k]! * slide;
        const below =
          logits[(lower + left) * CLASS_COUNT + k]! * (1 - slide) +
          logits[(lower + right) * CLASS_COUNT + k]! * slide;
        const value = above * (1 - fall) + below * fall;
        if (value > largest) {
          largest = value;
          best = k;
        }
      }
      target[r * columns + c] = best;
    }
  }
}

/**
 * For every pixel along one axis of the frame: whether the box covers it, the mask samples around it, the second's
 * weight.
 */
function samplesAlong(
  pixels: number,
  start: number,
  side: number,
  size: number,
): { inside: Uint8Array; first: Int32Array; second: Int32Array; weight: Float64Array } {
  const inside = new Uint8Array(pixels);
  const first = new Int32Array(pixels);
  const second = new Int32Array(pixels);
  const weight = new Float64Array(pixels);
  for (let i = 0; i < pixels; i++) {
    const position = ((i + 0.5 - start) * size) / side - 0.5;
    inside[i] = position >= -0.5 && position <= size - 0.5 ? 1 : 0;
    const clamped = Math.min(Math.max(position, 0), size - 1);
    first[i] = Math.floor(clamped);
    second[i] = Math.min(first[i]! + 1, size - 1);
    weight[i] = clamped - first[i]!;
  }
  return { inside, first, second, weight };
}
