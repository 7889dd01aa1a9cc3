/** A triple in memory, for tests. */
import type { StoredTriple, TripleFrames } from './triple-windows.ts';

type Grid = Pick<StoredTriple, 'frames' | 'rows' | 'columns'>;

/** The arrays have shape [frames, rows, columns]. */
export function tripleOf(
  { frames, rows, columns }: Grid,
  { image, segmentation, correct }: TripleFrames,
): StoredTriple {
  const pixels = rows * columns;
  return {
    frames,
    rows,
    columns,
    window: (startFrame, count) => {
      const range = [startFrame * pixels, (startFrame + count) * pixels] as const;
      return {
        image: image.subarray(...range),
        segmentation: segmentation.subarray(...range),
        correct: correct.subarray(...range),
      };
    },
  };
}
