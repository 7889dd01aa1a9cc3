/** Bounds on what a reader accepts, so that a damaged or hostile file costs an error message and not the process. */
import { counted } from '../ground/counted.ts';
import { DomainError } from '../ground/errors.ts';

export const limits = {
  /** Size of a file as stored. */
  fileBytes: 1024 ** 3,
  frames: 4096,
  /** Rows or columns. */
  side: 4096,
  /** Pixels of a video: 2^28 grey levels are 1 GiB in memory. */
  voxels: 2 ** 28,
  /** Plausible pixel sizes of cardiac ultrasound. */
  spacingMm: [0.01, 20],
  /** Plausible sizes of a side of the picture, newborn to adult, with a margin for the screen around it. */
  fieldOfViewMm: [30, 1000],
  /** Plausible times between frames of cardiac ultrasound: 4 to 1000 frames a second. */
  frameTimeMs: [1, 250],
} as const;

/** True for a time between two frames that a recording of the heart can have. */
export function isPlausibleFrameTime(frameTimeMs: number): boolean {
  const [low, high] = limits.frameTimeMs;
  return frameTimeMs >= low && frameTimeMs <= high;
}

/** @throws LimitExceeded when the file as stored is too large, DatasetInvalid when it is empty. */
export function checkFileSize(bytes: number, name: string): void {
  if (bytes === 0) {
    throw new DomainError(
      'DatasetInvalid',
      `${name}: the file is empty; expected a video. Copy or export it again.`,
    );
  }
  if (bytes > limits.fileBytes) {
    throw new DomainError(
      'LimitExceeded',
      `${name}: expected at most ${limits.fileBytes} bytes, found ${bytes}. Split the recording into shorter clips.`,
    );
  }
}

/** Frames of this size that are accepted. */
export function mostFramesOf(rows: number, columns: number): number {
  return Math.min(limits.frames, Math.floor(limits.voxels / (rows * columns)));
}

/** @throws DatasetInvalid for a size below 1 or not whole, LimitExceeded for one beyond the limits. */
export function checkGrid(frames: number, rows: number, columns: number, name: string): void {
  const found = `${counted(frames, 'frame')} of ${rows} x ${columns} pixels`;
  for (const size of [frames, rows, columns]) {
    if (!Number.isInteger(size) || size < 1) {
      throw new DomainError(
        'DatasetInvalid',
        `${name}: expected at least one frame, row and column, found ${found} in the header. The file is damaged; export it again.`,
      );
    }
  }
  if (
    frames > limits.frames ||
    rows > limits.side ||
    columns > limits.side ||
    frames * rows * columns > limits.voxels
  ) {
    throw new DomainError(
      'LimitExceeded',
      `${name}: expected at most ${limits.frames} frames, ${limits.side} rows and columns and ${limits.voxels} pixels in all, ` +
        `found ${found}. Cut the video into shorter clips, or export it at a smaller size.`,
    );
  }
}

/** @throws DatasetInvalid when the pixel size [row, column] in mm is not a plausible positive number. */
export function checkSpacing(spacingMm: readonly [number, number], name: string): void {
  const [low, high] = limits.spacingMm;
  if (spacingMm.every((size) => size >= low && size <= high)) return;
  throw new DomainError(
    'DatasetInvalid',
    `${name}: expected a pixel size of ${low} to ${high} mm, found ${spacingMm[0]} x ${spacingMm[1]} mm (row x column). ` +
      'Give it in mm with --spacing-mm, or set it and its unit in the header (NIfTI: pixdim and xyzt_units).',
  );
}

/** The time that a header states beside a single frame, which needs none: 0 where it is none. */
export function stillTime(frameTimeMs: number): number {
  return frameTimeMs > 0 && Number.isFinite(frameTimeMs) ? frameTimeMs : 0;
}

/** @throws DatasetInvalid when the time between frames is not a positive number. A single frame needs none. */
export function checkFrameTime(frameTimeMs: number, frames: number, name: string): void {
  if (frames === 1 ? frameTimeMs >= 0 : frameTimeMs > 0 && Number.isFinite(frameTimeMs)) return;
  throw new DomainError(
    'DatasetInvalid',
    `${name}: expected a positive time between frames, found ${frameTimeMs} ms. ` +
      'Give it in ms with --frame-time-ms, or set it in the header (NIfTI: pixdim of the time axis).',
  );
}
