/**
 * The segmentations of a window that a group is made of beside the policy's own (method.md 6.2): what others make of
 * the same window, among them shapes that the policy cannot make itself.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { PpoConfig } from '../../../contracts/run-config.ts';
import { DomainError } from '../../../ground/errors.ts';
import type { LabelVideo } from '../../../imaging/image.ts';
import { cleanVideo } from '../../../imaging/morphology.ts';
import { type RecordedStep, recorded } from '../../../recorded/recorded.ts';
import type { UNet3D } from '../../networks/unet3d.ts';
import { windowBatch, windowsIn } from '../../windows/label-windows.ts';
import { displacements, labelsMoved } from './motion.ts';
import { neighboursAlong } from './neighbours.ts';

export type ProposalName = PpoConfig['proposals'][number];

export interface ProposalOptions {
  readonly policy: UNet3D;
  /** Beside the policy's own, in this order. */
  readonly names: readonly ProposalName[];
  /** Side of the square pixels of the windows. */
  readonly spacingMm: number;
  /** Gives a window the shapes that are likely there, on its own grid; frames have no times. */
  readonly complete?: ((window: LabelVideo) => LabelVideo) | undefined;
}

/** A batch of windows, and what is known of it. All stay the caller's. */
export interface ProposedOn {
  /** Grey levels in [0, 1], [batch, time, rows, columns, 1]. */
  readonly window: tf.Tensor5D;
  /** The policy's most likely labels, int32 [batch, time, rows, columns]. */
  readonly actions: tf.Tensor4D;
  /** log pi of every class, [batch, time, rows, columns, classes]. */
  readonly logProb: tf.Tensor5D;
  /** What the sweep segmented there, as `actions`. */
  readonly swept: tf.Tensor4D;
}

/** Of the frame before, the frame itself and the frame after; at the ends the frame itself stands for the other. */
const NEIGHBOUR_WEIGHTS = [0.25, 0.5, 0.25] as const;
/** About the mean grey level of the window. */
const CONTRAST = 1.25;

export class Proposals {
  readonly #options: ProposalOptions;
  readonly #recorded: {
    readonly smoothed: RecordedStep<[logProb: tf.Tensor5D], tf.Tensor4D>;
    readonly contrast: RecordedStep<[window: tf.Tensor5D], tf.Tensor4D>;
    readonly warped: RecordedStep<[window: tf.Tensor5D, actions: tf.Tensor4D], tf.Tensor4D>;
  };

  /** @throws DomainError ConfigInvalid where a completion is proposed and nothing is known of shapes. */
  constructor(options: ProposalOptions) {
    this.#options = options;
    if (options.names.includes('completed') && !options.complete) {
      throw new DomainError(
        'ConfigInvalid',
        'ppo.proposals has "completed", and the run fits no linear shapes: set inference.completion.enabled, or leave it out',
      );
    }
    this.#recorded = {
      smoothed: recorded('proposal smoothed over time', (logProb) => smoothedLabels(logProb)),
      contrast: recorded('proposal at another contrast', (window) => {
        const { policy } = this.#options;
        return tf.tidy(() => tf.argMax(policy.forward(withContrast(window)), -1) as tf.Tensor4D);
      }),
      warped: recorded('proposal of the neighbouring frame', neighbourWarped),
    };
  }

  /** With the policy's own. */
  get count(): number {
    return 1 + this.#options.names.length;
  }

  /** Forward passes that making them costs. */
  get passes(): number {
    return this.#options.names.filter((name) => name === 'contrast').length;
  }

  /** All of the group, int32 [batch, time, rows, columns]: the policy's own first. The caller disposes them. */
  of(given: ProposedOn): tf.Tensor4D[] {
    const made: tf.Tensor4D[] = [];
    try {
      made.push(tf.clone(given.actions));
      for (const name of this.#options.names) made.push(this.#propose(name, given));
      return made;
    } catch (error) {
      tf.dispose(made);
      throw error;
    }
  }

  #propose(name: ProposalName, { window, actions, logProb, swept }: ProposedOn): tf.Tensor4D {
    switch (name) {
      case 'cleaned':
        return this.#onHost(actions, cleanVideo);
      case 'completed':
        return this.#onHost(actions, this.#options.complete!);
      case 'swept':
        return tf.clone(swept);
      case 'smoothed':
        return this.#recorded.smoothed(logProb);
      case 'contrast':
        return this.#recorded.contrast(window);
      case 'warped':
        return this.#recorded.warped(window, actions);
    }
  }

  #onHost(actions: tf.Tensor4D, change: (window: LabelVideo) => LabelVideo): tf.Tensor4D {
    return windowBatch(windowsIn(actions, this.#options.spacingMm).map(change));
  }

  /** Frees the recordings. */
  dispose(): void {
    for (const step of Object.values(this.#recorded)) step.dispose();
  }
}

function smoothedLabels(logProb: tf.Tensor5D): tf.Tensor4D {
  return tf.tidy(() => {
    const probabilities = tf.exp(logProb) as tf.Tensor5D;
    const [before, after] = neighboursAlong(probabilities, 1);
    const weighted = [before, probabilities, after].map((one, index) =>
      tf.mul(one, NEIGHBOUR_WEIGHTS[index]!),
    );
    return tf.argMax(tf.addN(weighted), -1) as tf.Tensor4D;
  });
}

/** What the frame before is labelled, of the first one the frame after, moved as the picture does. */
function neighbourWarped(window: tf.Tensor5D, actions: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const [batch, frames, rows, columns] = actions.shape;
    if (frames === 1) return tf.clone(actions);
    const neighbours = tf.tensor1d([1, ...Array(frames - 1).keys()], 'int32');
    const flat = (pictures: tf.Tensor): tf.Tensor4D =>
      tf.reshape(pictures, [batch * frames, rows, columns, 1]);
    const moved = displacements(flat(window), flat(tf.gather(window, neighbours, 1)));
    const labels = tf.reshape(tf.gather(actions, neighbours, 1), [batch * frames, rows, columns]);
    return tf.reshape(labelsMoved(labels as tf.Tensor3D, moved), actions.shape);
  });
}

function withContrast(window: tf.Tensor5D): tf.Tensor5D {
  const mean = tf.mean(window, [1, 2, 3, 4], true);
  return tf.clipByValue(tf.add(tf.mul(tf.sub(window, mean), CONTRAST), mean), 0, 1) as tf.Tensor5D;
}
