/**
 * Values of variables that training may have to go back to, held where they are: on the device, and without copying a
 * number.
 */
import * as tf from '@tensorflow/tfjs-core';

export interface Held {
  /** Gives the variables the held values back; allowed more than once. */
  restore(): void;
  dispose(): void;
}

interface HeldValues extends Held {
  /** In the order of the variables; not to be disposed but with all of this. */
  readonly values: readonly tf.Tensor[];
}

/**
 * Holds the present values. A variable that is assigned to takes other memory, so the old values stay as long as they
 * are held.
 */
export function holdValues(variables: readonly tf.Variable[]): HeldValues {
  const values = variables.map((variable) => tf.keep(tf.clone(variable)));
  return {
    values,
    restore: () => {
      variables.forEach((variable, index) => {
        variable.assign(values[index]!);
      });
    },
    dispose: () => tf.dispose(values),
  };
}
