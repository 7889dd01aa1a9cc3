/**
 * In-plane resampling. Both grids share their centre, so that nothing shifts; a new pixel that lies outside the old
 * grid takes the value of the nearest old one. Frames are never mixed.
 */
import type { GreyVideo, LabelVideo, VideoGeometry } from './image.ts';

/** Rows, columns and the pixel size [row, column] in mm. */
export type PlaneGrid = Pick<VideoGeometry, 'rows' | 'columns' | 'spacingMm'>;

/** The grid of the same field of view with square pixels of `spacingMm`; at least one pixel. */
export function gridAtSpacing(video: VideoGeometry, spacingMm: number): PlaneGrid {
  return {
    rows: Math.max(1, Math.round((video.rows * video.spacingMm[0]) / spacingMm)),
    columns: Math.max(1, Math.round((video.columns * video.spacingMm[1]) / spacingMm)),
    spacingMm: [spacingMm, spacingMm],
  };
}

function sameGrid(a: PlaneGrid, b: PlaneGrid): boolean {
  return (
    a.rows === b.rows &&
    a.columns === b.columns &&
    a.spacingMm[0] === b.spacingMm[0] &&
    a.spacingMm[1] === b.spacingMm[1]
  );
}

/** Position in the old axis of every index of the new one, in old pixels, clamped to the old axis. */
function sourcePositions(newSize: number, newMm: number, oldSize: number, oldMm: number): Float64Array {
  const ratio = newMm / oldMm;
  return Float64Array.from({ length: newSize }, (_, i) =>
    Math.min(oldSize - 1, Math.max(0, (i - (newSize - 1) / 2) * ratio + (oldSize - 1) / 2)),
  );
}

/** Bilinear resampling of [frames, rows, columns] onto `grid`. A video already on the grid is returned as it is. */
export function resampleGreyTo(video: GreyVideo, grid: PlaneGrid): GreyVideo {
  if (sameGrid(video, grid)) return video;
  const { rows, columns, spacingMm } = grid;
  const rowAt = sourcePositions(rows, spacingMm[0], video.rows, video.spacingMm[0]);
  const columnAt = sourcePositions(columns, spacingMm[1], video.columns, video.spacingMm[1]);
  const left = Int32Array.from(columnAt, Math.floor);
  const right = Int32Array.from(left, (column) => Math.min(video.columns - 1, column + 1));
  const rightShare = columnAt.map((position, i) => position - left[i]!);
  const source = video.intensities;
  const intensities = new Float32Array(video.frames * rows * columns);
  let target = 0;
  for (let frame = 0; frame < video.frames; frame++) {
    const start = frame * video.rows * video.columns;
    for (let row = 0; row < rows; row++) {
      const above = Math.floor(rowAt[row]!);
      const belowShare = rowAt[row]! - above;
      const upper = start + above * video.columns;
      const lower = start + Math.min(video.rows - 1, above + 1) * video.columns;
      for (let column = 0; column < columns; column++) {
        const l = left[column]!;
        const r = right[column]!;
        const share = rightShare[column]!;
        const top = source[upper + l]! * (1 - share) + source[upper + r]! * share;
        const bottom = source[lower + l]! * (1 - share) + source[lower + r]! * share;
        intensities[target++] = top * (1 - belowShare) + bottom * belowShare;
      }
    }
  }
  return { ...video, rows, columns, spacingMm, intensities };
}

/** Nearest-neighbour resampling of labels onto `grid`. A video already on the grid is returned as it is. */
export function resampleLabelsTo(video: LabelVideo, grid: PlaneGrid): LabelVideo {
  if (sameGrid(video, grid)) return video;
  const { rows, columns, spacingMm } = grid;
  const rowAt = sourcePositions(rows, spacingMm[0], video.rows, video.spacingMm[0]).map(Math.round);
  const columnAt = sourcePositions(columns, spacingMm[1], video.columns, video.spacingMm[1]).map(Math.round);
  const labels = new Uint8Array(video.frames * rows * columns);
  let target = 0;
  for (let frame = 0; frame < video.frames; frame++) {
    for (let row = 0; row < rows; row++) {
      const start = (frame * video.rows + rowAt[row]!) * video.columns;
      for (let column = 0; column < columns; column++)
        labels[target++] = video.labels[start + columnAt[column]!]!;
    }
  }
  return { ...video, rows, columns, spacingMm, labels };
}

/** `resampleGreyTo` the video's field of view at square pixels of `spacingMm` (method.md 2). */
export function resampleGrey(video: GreyVideo, spacingMm: number): GreyVideo {
  return resampleGreyTo(video, gridAtSpacing(video, spacingMm));
}

/** `resampleLabelsTo` the video's field of view at square pixels of `spacingMm` (method.md 2). */
export function resampleLabels(video: LabelVideo, spacingMm: number): LabelVideo {
  return resampleLabelsTo(video, gridAtSpacing(video, spacingMm));
}
