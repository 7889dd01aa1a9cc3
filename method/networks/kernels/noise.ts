/** Random numbers drawn where they are used, on the device, from a seed that a recorded step is given at each call. */
import * as tf from '@tensorflow/tfjs-core';
import { type RandomStream, randomStream } from '../../../ground/random.ts';
import { attributeOf, isNativeBackend } from '../../../recorded/native-backend.ts';

/** Seeds are below this, so that a stream draws them evenly and a tensor holds them. */
const SEED_BOUND = 2 ** 31;

/** Two numbers, int32, that a stream of the run's randomness gives a draw on the device. The caller disposes them. */
export function drawSeed(random: RandomStream): tf.Tensor1D {
  return tf.tensor1d([random.integer(SEED_BOUND), random.integer(SEED_BOUND)], 'int32');
}

/**
 * Standard normal numbers of that shape, the same for the same seed (`drawSeed`) and kind of back end. On WebAssembly
 * they are drawn on the host. The caller disposes them.
 */
export function standardNormal<Rank extends tf.Rank>(
  shape: tf.ShapeMap[Rank],
  seed: tf.Tensor1D,
): tf.Tensor<Rank> {
  const backend = tf.backend();
  if (!isNativeBackend(backend)) {
    const random = randomStream(0, 'draw', ...seed.dataSync());
    return tf.tensor<Rank>(
      Float32Array.from({ length: tf.util.sizeFromShape(shape as number[]) }, () => random.normal()),
      shape,
    );
  }
  const { float32, int32 } = attributeOf;
  const sizes = tf.tensor1d(shape as number[], 'int32');
  const attributes = [float32('dtype'), int32('T'), int32('Tseed')];
  const noise = backend.executeSingleOutput('StatelessRandomNormal', attributes, [sizes, seed]);
  sizes.dispose();
  return noise as tf.Tensor<Rank>;
}
