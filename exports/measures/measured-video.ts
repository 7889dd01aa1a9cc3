/** What every file of measures is written from: the measures of one segmentation, and of which video it is. */
import type { VideoGeometry } from '../../imaging/image.ts';
import type { VideoMeasures } from '../../metrics/video-measures.ts';

export interface MeasuredVideo {
  /** Name of the video's file without its ending. */
  readonly name: string;
  readonly geometry: VideoGeometry;
  readonly measures: VideoMeasures;
}

/** Six significant digits: pixels measure no finer, and spreadsheets show no tails of binary fractions. */
export function rounded(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Number(value.toPrecision(6));
}
