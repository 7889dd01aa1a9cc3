/**
 * Segmentations of a batch of windows, between the device, where they are actions, and the host, where they are looked
 * at.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { LabelVideo } from '../../imaging/image.ts';

/**
 * The windows of a batch (int32 labels, [batch, time, rows, columns]) as segmentations on the host, read back once. The
 * frame time is without meaning.
 */
export function windowsIn(actions: tf.Tensor4D, spacingMm: number): LabelVideo[] {
  const [batch, frames, rows, columns] = actions.shape;
  const size = frames * rows * columns;
  const labels = Uint8Array.from(actions.dataSync());
  const grid = { frames, rows, columns, spacingMm: [spacingMm, spacingMm] as const, frameTimeMs: 1 };
  return Array.from({ length: batch }, (_, window) => ({
    ...grid,
    labels: labels.subarray(window * size, (window + 1) * size),
  }));
}

/** The inverse: windows of one size as a batch, int32 [batch, time, rows, columns]. The caller disposes it. */
export function windowBatch(windows: readonly LabelVideo[]): tf.Tensor4D {
  const { frames, rows, columns } = windows[0]!;
  const size = frames * rows * columns;
  const labels = new Int32Array(windows.length * size);
  windows.forEach((window, index) => {
    labels.set(window.labels, index * size);
  });
  return tf.tensor4d(labels, [windows.length, frames, rows, columns], 'int32');
}
