/** Gradients by parameter name: adding up, scaling and clipping. */
import * as tf from '@tensorflow/tfjs-core';

/**
 * One gradient per parameter name, in the layout of the parameter's variable. A parameter that the loss does not depend on
 * (the bias of a convolution before instance norm, an unused head) may be absent, which stands for zero.
 */
export type Gradients = ReadonlyMap<string, tf.Tensor>;

/** Frees all gradients. */
export function disposeGradients(gradients: Gradients): void {
  tf.dispose([...gradients.values()]);
}

/** Sum of both, name by name. Consumes its arguments; the result belongs to the caller. */
export function addGradients(a: Gradients, b: Gradients): Gradients {
  const sum = new Map(a);
  for (const [name, gradient] of b) {
    const other = a.get(name);
    sum.set(name, other ? tf.add(other, gradient) : gradient);
    if (other) tf.dispose([other, gradient]);
  }
  return sum;
}

/** Each gradient times the factor. Consumes its argument; the result belongs to the caller. */
export function scaleGradients(gradients: Gradients, factor: number): Gradients {
  const scaled = new Map([...gradients].map(([name, gradient]) => [name, tf.mul(gradient, factor)]));
  disposeGradients(gradients);
  return scaled;
}
