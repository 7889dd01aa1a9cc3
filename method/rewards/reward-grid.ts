/** What every penalty on a reward asks of its input. */
import { DomainError } from '../../ground/errors.ts';
import type { LabelVideo } from '../../imaging/image.ts';

/** @throws GeometryMismatch, naming `what` needs it, unless the reward has a value for every pixel of the segmentation. */
export function requireRewardOn(segmentation: LabelVideo, reward: Float32Array, what: string): void {
  const { frames, rows, columns } = segmentation;
  const pixels = frames * rows * columns;
  if (reward.length === pixels) return;
  throw new DomainError(
    'GeometryMismatch',
    `${what} needs a reward for each of the ${pixels} pixels of the segmentation, ${frames} x ${rows} x ${columns}; ` +
      `found ${reward.length}.`,
  );
}
