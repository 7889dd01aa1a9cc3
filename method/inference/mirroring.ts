/**
 * Videos that were recorded the other way round (method.md 8): sites do not agree on which side of the picture the
 * ventricle lies, and a policy finds nothing in a mirrored video that it was not taught to read.
 */
import type { GreyVideo } from '../../imaging/image.ts';

/** The video with left and right exchanged. */
export function mirroredVideo(video: GreyVideo): GreyVideo {
  return { ...video, intensities: mirroredValues(video.intensities, video.columns, 1) };
}

/** Left and right exchanged in values [..., columns, channels]. */
export function mirroredValues(values: Float32Array, columns: number, channels: number): Float32Array {
  const line = columns * channels;
  const mirrored = new Float32Array(values.length);
  for (let start = 0; start < values.length; start += line) {
    for (let c = 0; c < columns; c++) {
      const from = start + (columns - 1 - c) * channels;
      mirrored.set(values.subarray(from, from + channels), start + c * channels);
    }
  }
  return mirrored;
}
