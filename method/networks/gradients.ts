/** Gradients by parameter name. */
import * as tf from '@tensorflow/tfjs-core';

/**
 * One gradient per parameter name, in the layout of the parameter's variable. A parameter that the loss does not depend
 * on (the bias of a convolution before instance norm, an unused head) may be absent, which stands for zero.
 */
export type Gradients = ReadonlyMap<string, tf.Tensor>;

/** Frees all gradients. */
export function disposeGradients(gradients: Gradients): void {
  tf.dispose([...gradients.values()]);
}
