/**
 * What a reward fit computes on a window, each part one call of TensorFlow (docs/recorded-step.md): training passes
 * whose gradients wait on the device until a step is taken along their mean, and passes over held-out windows.
 */
import type * as tf from '@tensorflow/tfjs-core';
import { type RecordedStep, recorded } from '../../recorded/recorded.ts';
import type { Adam } from '../networks/adam.ts';
import { GradientAccumulation } from '../networks/gradient-accumulation.ts';
import type { NamedArrays } from '../networks/named-arrays.ts';
import { networkPass } from '../networks/training-step.ts';
import type { UNet3D } from '../networks/unet3d.ts';
import type { TripleWindow } from '../windows/triple-windows.ts';
import { rewardInput, rewardLoss, rewardLossAndGradient } from './reward-network.ts';

/** Image, label map and map of right pixels, as in TripleWindow. */
type Tensors = [image: tf.Tensor5D, labelMap: tf.Tensor4D, correct: tf.Tensor4D];

/** Logits of a held-out window on the host, with its loss. */
export interface MeasuredWindow {
  readonly loss: number;
  /** [frames, rows, columns] */
  readonly logits: Float32Array;
}

export class RewardFitSteps {
  readonly #network: UNet3D;
  readonly #accumulation: GradientAccumulation<Tensors>;
  readonly #loss: RecordedStep<Tensors, tf.Scalar>;
  readonly #measured: RecordedStep<Tensors, { readonly loss: tf.Scalar; readonly logits: tf.Tensor5D }>;

  /** Both stay the caller's. */
  constructor(network: UNet3D, optimiser: Adam) {
    this.#network = network;
    this.#accumulation = new GradientAccumulation<Tensors>({
      name: 'reward fit',
      optimiser,
      pass: (image, labelMap, correct) => {
        const input = rewardInput(image, labelMap);
        const result = networkPass(network, input, ([logits]) => {
          const { loss, gradient } = rewardLossAndGradient(logits!, correct);
          return { loss, gradients: [gradient] };
        });
        input.dispose();
        return result;
      },
    });
    const judged = (...[image, labelMap, correct]: Tensors) => {
      const logits = network.forward(rewardInput(image, labelMap));
      return { loss: rewardLoss(logits, correct), logits };
    };
    this.#loss = recorded('reward fit, validation', (...tensors: Tensors) => judged(...tensors).loss);
    this.#measured = recorded('reward fit, measurement', judged);
  }

  /** Windows whose gradients wait for `apply`. */
  get waiting(): number {
    return this.#accumulation.waiting;
  }

  /** Adds the window's gradients to those that wait, and gives its loss; where that is not finite, give up. */
  train(window: TripleWindow): number {
    return this.#accumulation.add(...tensorsOf(window));
  }

  /** One step along the mean of the gradients that wait. */
  apply(): void {
    this.#accumulation.apply();
  }

  /** The loss of a window that is not trained on. */
  lossOf(window: TripleWindow): number {
    return numberOf(this.#loss(...tensorsOf(window)));
  }

  measure(window: TripleWindow): MeasuredWindow {
    const { loss, logits } = this.#measured(...tensorsOf(window));
    const values = logits.dataSync<'float32'>();
    logits.dispose();
    return { loss: numberOf(loss), logits: values };
  }

  /** The sum of the gradients that wait, by parameter name. */
  waitingArrays(): NamedArrays {
    return this.#accumulation.toArrays();
  }

  /**
   * Restores what `waitingArrays` gave of so many windows. Parameters without an array have no gradient: fits saved by
   * earlier versions left those of convolution biases out, which are zero.
   * @throws DomainError CheckpointIncompatible when there is no array at all, or one of another shape.
   */
  assignWaiting(arrays: NamedArrays, waiting: number): void {
    const none = Object.keys(arrays).length === 0;
    const zeros = Object.fromEntries(
      [...this.#network.parameters].map(([name, { shape, size }]) => [
        name,
        { shape, data: new Float32Array(size) },
      ]),
    );
    this.#accumulation.assign(none ? arrays : { ...zeros, ...arrays }, waiting);
  }

  /** Frees the recordings and what waits; network and optimiser stay. */
  dispose(): void {
    for (const part of [this.#accumulation, this.#loss, this.#measured]) part.dispose();
  }
}

function tensorsOf({ image, labelMap, correct }: TripleWindow): Tensors {
  return [image, labelMap, correct];
}

function numberOf(scalar: tf.Scalar): number {
  const [value] = scalar.dataSync<'float32'>();
  scalar.dispose();
  return value!;
}
