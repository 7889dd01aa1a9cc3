/** Videos that need no preparation: the grid of the networks is their own. */
import { type GreyVideo, geometryOf } from '../../imaging/image.ts';
import type { PreparedVideo } from './segment-prepared.ts';

export function preparedAsItIs(video: GreyVideo): PreparedVideo {
  return {
    video,
    original: geometryOf(video),
    restoreLabels: (labels) => labels,
    restoreFrame: (values) => values,
  };
}
