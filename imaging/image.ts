/**
 * A video is a typed array with its geometry, and nothing else. One axis order everywhere in memory: frames, rows,
 * columns, the last one fastest; pixel (t, r, c) lies at (t * rows + r) * columns + c. Files use other orders; readers convert.
 */
export interface VideoGeometry {
  readonly frames: number;
  readonly rows: number;
  readonly columns: number;
  /** Millimetres per pixel as [row, column]. */
  readonly spacingMm: readonly [number, number];
  /** Milliseconds from one frame to the next. */
  readonly frameTimeMs: number;
}

/** Grey levels in [0, 1], shape [frames, rows, columns]. */
export interface GreyVideo extends VideoGeometry {
  readonly intensities: Float32Array;
}

/** Labels of ground/labels.ts, shape [frames, rows, columns]. */
export interface LabelVideo extends VideoGeometry {
  readonly labels: Uint8Array;
  /**
   * Frames whose labels a reference knows, rising (most references are drawn at end-diastole and end-systole alone); in the others
   * `labels` says nothing. Absent: all frames.
   */
  readonly annotatedFrames?: readonly number[];
  /** Structures that a reference knows; of the others it says nothing. Absent: all of ground/labels.ts. */
  readonly annotatedLabels?: readonly number[];
}

/** One frame of labels, shape [rows, columns]. */
export interface LabelFrame {
  readonly rows: number;
  readonly columns: number;
  readonly spacingMm: readonly [number, number];
  readonly labels: Uint8Array;
}

/** Geometry alone, without the pixels of the video it is taken from. */
export function geometryOf(video: VideoGeometry): VideoGeometry {
  const { frames, rows, columns, spacingMm, frameTimeMs } = video;
  return { frames, rows, columns, spacingMm, frameTimeMs };
}

/** One frame of a segmentation; shares memory with the video. `frame` is in 0..frames-1. */
export function labelFrame(video: LabelVideo, frame: number): LabelFrame {
  const pixels = video.rows * video.columns;
  return {
    rows: video.rows,
    columns: video.columns,
    spacingMm: video.spacingMm,
    labels: video.labels.subarray(frame * pixels, (frame + 1) * pixels),
  };
}
