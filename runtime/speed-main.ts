/**
 * Process that times the convolution on one back end and prints one line of JSON: `speed-main.ts best|native-cpu|wasm
 * THREADS`.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Speed } from './speed.ts';
import { selectTensorBackend, type TensorBackendName } from './tensors.ts';

const CHANNELS = 32;
const KERNEL: [number, number, number] = [3, 3, 3];

const [preference = 'best', threadText = '0'] = process.argv.slice(2);
const threads = Number(threadText) || undefined;
const backend = await selectTensorBackend({
  threads,
  warn: () => {},
  ...(preference !== 'best' && { prefer: preference as TensorBackendName }),
});
// WebAssembly does a sixteenth of the work: the figure is per operation, and nobody should wait for it.
const size: [number, number, number] = backend.name === 'wasm' ? [4, 32, 32] : [4, 128, 128];
const rounds = backend.name === 'wasm' ? 2 : 5;
const operations = 2 * KERNEL[0] * KERNEL[1] * KERNEL[2] * CHANNELS * CHANNELS * size[0] * size[1] * size[2];

const x = tf.randomNormal([1, ...size, CHANNELS]) as tf.Tensor5D;
const filter = tf.randomNormal([...KERNEL, CHANNELS, CHANNELS]) as tf.Tensor5D;
const attributes = { strides: [1, 1, 1] as [number, number, number], pad: 'same' as const };

function forward(): tf.Tensor[] {
  return [tf.conv3d(x, filter, 1, 'same')];
}

function forwardBackward(): tf.Tensor[] {
  const y = tf.conv3d(x, filter, 1, 'same');
  const input = tf
    .engine()
    .runKernel(tf.Conv3DBackpropInputV2, { dy: y, filter }, { ...attributes, inputShape: x.shape });
  const weights = tf
    .engine()
    .runKernel(tf.Conv3DBackpropFilterV2, { x, dy: y }, { ...attributes, filterShape: filter.shape });
  return [input as tf.Tensor, weights as tf.Tensor];
}

/** Seconds of the fastest of several rounds; reading a number back waits for a device that computes on its own time. */
async function fastest(work: () => tf.Tensor[]): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round <= rounds; round++) {
    const started = performance.now();
    const results = tf.tidy(() => work().map((result) => tf.slice(tf.reshape(result, [-1]), 0, 1)));
    for (const result of results) await result.data();
    // The first round warms up.
    if (round > 0) best = Math.min(best, (performance.now() - started) / 1000);
    tf.dispose(results);
  }
  return best;
}

const forwardGflops = operations / (await fastest(forward)) / 1e9;
const forwardBackwardGflops = (3 * operations) / (await fastest(forwardBackward)) / 1e9;
const speed: Speed = {
  backend: backend.name,
  device: backend.device,
  version: backend.version,
  why: backend.why,
  threads: backend.threads,
  size,
  forwardGflops,
  forwardBackwardGflops,
};
process.stdout.write(`${JSON.stringify(speed)}\n`);
process.exit(0);
