/** From a video as recorded to the grid and grey levels that the networks see, and back (method.md 2). */

import type { PreprocessingConfig } from '../contracts/run-config.ts';
import { counted } from '../ground/counted.ts';
import { DomainError } from '../ground/errors.ts';
import { equaliseFrames } from '../imaging/clahe.ts';
import { cropOrPadGrey, cropOrPadLabels } from '../imaging/crop-pad.ts';
import { type GreyVideo, geometryOf, type LabelVideo, type VideoGeometry } from '../imaging/image.ts';
import { gridAtSpacing, resampleGreyTo, resampleLabelsTo } from '../imaging/resample.ts';
import { limits } from './limits.ts';

export interface Preprocessed {
  readonly video: GreyVideo;
  /** The grid that the video came from. */
  readonly original: VideoGeometry;
  /**
   * A segmentation on the grid of `video` back on the original grid, pixel for pixel. @throws GeometryMismatch on
   * another grid
   */
  restoreLabels(labels: LabelVideo): LabelVideo;
  /** The same for a map of numbers, such as a confidence: between pixels it is interpolated. */
  restoreMap(map: GreyVideo): GreyVideo;
  /** One frame of such a map, [rows, columns]: for maps that are too large to be restored as a whole. */
  restoreFrame(values: Float32Array): Float32Array;
}

/**
 * The grid after resampling, before padding, and its size after padding.
 * @throws LimitExceeded where a pixel size that is too large would fill the memory: readers bound stored pixels alone
 */
function plan(video: VideoGeometry, config: PreprocessingConfig) {
  const grid = gridAtSpacing(video, config.spacingMm);
  const padded = (size: number) => Math.ceil(size / config.multiple) * config.multiple;
  const [rows, columns] = [padded(grid.rows), padded(grid.columns)];
  if (rows * columns * video.frames > limits.voxels) {
    const [height, width] = [video.rows * video.spacingMm[0], video.columns * video.spacingMm[1]];
    throw new DomainError(
      'LimitExceeded',
      `expected a video of at most ${limits.voxels} pixels of ${config.spacingMm} mm, to which it is resampled, found ` +
        `${counted(video.frames, 'frame')} of ${rows} x ${columns}: the picture is ${height.toFixed(0)} x ${width.toFixed(0)} mm large. ` +
        'Correct its pixel size, or cut it into shorter clips.',
    );
  }
  return { grid, rows, columns };
}

function divideByMaximum(video: GreyVideo): GreyVideo {
  let maximum = 0;
  for (const value of video.intensities) if (value > maximum) maximum = value;
  if (maximum === 0 || maximum === 1) return video;
  return { ...video, intensities: video.intensities.map((value) => value / maximum) };
}

/**
 * Grey levels divided by the video's maximum, equalised frame by frame (on the recorded grid, before zeros are padded
 * around it), resampled to square pixels and padded with zeros to the next multiple in rows and columns.
 * @throws LimitExceeded for a video that is too large at that pixel size
 */
export function preprocess(video: GreyVideo, config: PreprocessingConfig): Preprocessed {
  const { grid, rows, columns } = plan(video, config);
  const scaled = divideByMaximum(video);
  const equalised = config.clahe.enabled ? equaliseFrames(scaled, config.clahe) : scaled;
  const prepared = cropOrPadGrey(resampleGreyTo(equalised, grid), rows, columns);
  const original = geometryOf(video);
  const checkPrepared = (found: VideoGeometry) => {
    if (found.rows === rows && found.columns === columns && found.frames === video.frames) return;
    throw new DomainError(
      'GeometryMismatch',
      `expected a segmentation of ${counted(video.frames, 'frame')} of ${rows} x ${columns} pixels, the grid after preprocessing, ` +
        `found ${found.frames} of ${found.rows} x ${found.columns}.`,
    );
  };
  const restoreMap = (map: GreyVideo): GreyVideo => {
    const unpadded = { ...cropOrPadGrey(map, grid.rows, grid.columns), spacingMm: grid.spacingMm };
    return { ...resampleGreyTo(unpadded, original), frameTimeMs: video.frameTimeMs };
  };
  return {
    video: prepared,
    original,
    restoreLabels(labels) {
      checkPrepared(labels);
      const unpadded = { ...cropOrPadLabels(labels, grid.rows, grid.columns), spacingMm: grid.spacingMm };
      return { ...resampleLabelsTo(unpadded, original), frameTimeMs: video.frameTimeMs };
    },
    restoreMap(map) {
      checkPrepared(map);
      return restoreMap(map);
    },
    restoreFrame: (values) =>
      restoreMap({ ...geometryOf(prepared), frames: 1, intensities: values }).intensities,
  };
}

/** A reference segmentation on the grid that `preprocess` gives its video. @throws as preprocess */
export function preprocessLabels(labels: LabelVideo, config: PreprocessingConfig): LabelVideo {
  const { grid, rows, columns } = plan(labels, config);
  return cropOrPadLabels(resampleLabelsTo(labels, grid), rows, columns);
}
