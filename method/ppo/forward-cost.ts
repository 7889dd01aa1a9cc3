/** Counts what a window costs in forward passes of a network; a backward pass does the arithmetic of two. */
import type * as tf from '@tensorflow/tfjs-core';
import type { TrainingPass, UNet3D } from '../networks/unet3d.ts';

export class ForwardCost {
  #forwards = 0;
  #backwards = 0;

  get forwardEquivalents(): number {
    return this.#forwards + 2 * this.#backwards;
  }

  /** Passes that someone else runs, such as those of a reward. */
  add(forwards: number): void {
    this.#forwards += forwards;
  }

  /** `network.forward(x)`, counted. */
  forward(network: UNet3D, x: tf.Tensor5D): tf.Tensor5D {
    this.#forwards++;
    return network.forward(x);
  }

  /** `network.forwardForTraining(x)`, counted, its backward pass too when it happens. */
  forwardForTraining(network: UNet3D, x: tf.Tensor5D): TrainingPass {
    this.#forwards++;
    const pass = network.forwardForTraining(x);
    return {
      outputs: pass.outputs,
      backward: (outputGradients) => {
        this.#backwards++;
        return pass.backward(outputGradients);
      },
      dispose: () => pass.dispose(),
    };
  }
}
