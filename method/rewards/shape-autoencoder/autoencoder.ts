/**
 * The shape autoencoder (method.md 4.2): a small convolutional variational autoencoder of square one-hot masks, with
 * its own reverse mode on the network kernels, so that it trains on every tensor back end. The first latent dimensions
 * stand for shape attributes (shape-attributes.ts).
 */
import * as tf from '@tensorflow/tfjs-core';
import type { ShapeAutoencoderConfig } from '../../../contracts/run-config.ts';
import { CLASS_COUNT } from '../../../ground/labels.ts';
import type { RandomStream } from '../../../ground/random.ts';
import { type RecordedStep, recorded } from '../../../recorded/recorded.ts';
import type { Gradients } from '../../networks/gradients.ts';
import type { NamedArrays } from '../../networks/named-arrays.ts';
import { assignParameters, createParameters, hostArrays, initialArrays } from '../../networks/parameters.ts';
import { type AutoencoderPlan, planAutoencoder } from './autoencoder-plan.ts';
import { backwardThrough, forwardThrough, runThrough } from './layer-chain.ts';

export interface Posterior {
  /** [batch, latentDimensions] */
  readonly mean: tf.Tensor2D;
  /** Natural logarithm of the variance, [batch, latentDimensions]. */
  readonly logVariance: tf.Tensor2D;
}

/** A forward pass that can go backward once; `dispose` frees all it holds. */
export interface AutoencoderPass {
  readonly posterior: Posterior;
  /** [batch, 1, maskSize, maskSize, 3] */
  readonly logits: tf.Tensor5D;
  /**
   * Gradients by parameter, from those by the logits and by the posterior that do not come through the logits. The
   * arguments stay the caller's, the result belongs to it.
   */
  backward(logitsGradient: tf.Tensor5D, posteriorGradient: Posterior): Gradients;
  dispose(): void;
}

export class ShapeAutoencoder {
  readonly config: ShapeAutoencoderConfig;
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  readonly #plan: AutoencoderPlan;
  readonly #encode: RecordedStep<[tf.Tensor5D], tf.Tensor2D>;
  readonly #decode: RecordedStep<[tf.Tensor2D], tf.Tensor5D>;

  private constructor(config: ShapeAutoencoderConfig, plan: AutoencoderPlan, arrays: NamedArrays) {
    this.config = config;
    this.#plan = plan;
    this.parameters = createParameters(plan.parameters, arrays);
    this.#encode = recorded('shape encoder', (masks: tf.Tensor5D) => {
      const features = runThrough(plan.encoder, masks, this.parameters);
      return this.#latentHead(features).mean;
    });
    this.#decode = recorded(
      'shape decoder',
      (latent: tf.Tensor2D) => runThrough(plan.decoder, latent, this.parameters) as tf.Tensor5D,
    );
  }

  /**
   * A new autoencoder with Kaiming normal weights.
   * @throws ConfigInvalid when the mask size does not halve down to the bottleneck.
   */
  static initialise(config: ShapeAutoencoderConfig, random: RandomStream): ShapeAutoencoder {
    const plan = planAutoencoder(config);
    return new ShapeAutoencoder(config, plan, initialArrays(plan.parameters, random));
  }

  /**
   * An autoencoder with given weights.
   * @throws CheckpointIncompatible when one is missing or has another shape.
   */
  static fromArrays(config: ShapeAutoencoderConfig, arrays: NamedArrays): ShapeAutoencoder {
    return new ShapeAutoencoder(config, planAutoencoder(config), arrays);
  }

  /** Posterior means [batch, latentDimensions] of masks [batch, 1, maskSize, maskSize, 3]. The caller disposes them. */
  encode(masks: tf.Tensor5D): tf.Tensor2D {
    return this.#encode(masks);
  }

  /** Logits [batch, 1, maskSize, maskSize, 3] of latent codes [batch, latentDimensions]. The caller disposes them. */
  decode(latent: tf.Tensor2D): tf.Tensor5D {
    return this.#decode(latent);
  }

  /**
   * Encodes, draws z = mean + noise * deviation, decodes. `noise` is standard normal, [batch, latentDimensions], and
   * stays the caller's. Call it outside of tidy or in a recorded step, and `dispose` the result.
   */
  forwardForTraining(masks: tf.Tensor5D, noise: tf.Tensor2D): AutoencoderPass {
    const encoder = forwardThrough(this.#plan.encoder, masks, this.parameters);
    const features = encoder.output as tf.Tensor2D;
    const { mean, logVariance, deviation, latent } = tf.tidy(() => {
      const posterior = this.#latentHead(features);
      const deviation = tf.exp(tf.mul(posterior.logVariance, 0.5));
      return {
        ...posterior,
        deviation,
        latent: tf.add(posterior.mean, tf.mul(noise, deviation)) as tf.Tensor2D,
      };
    });
    const decoder = forwardThrough(this.#plan.decoder, latent, this.parameters);
    return {
      posterior: { mean, logVariance },
      logits: decoder.output as tf.Tensor5D,
      backward: (logitsGradient, posteriorGradient) => {
        const gradients = new Map<string, tf.Tensor>();
        const latentGradient = backwardThrough(
          this.#plan.decoder,
          decoder,
          logitsGradient,
          this.parameters,
          gradients,
        );
        const featureGradient = tf.tidy(() => {
          const both = tf.concat2d(
            [
              tf.add(latentGradient!, posteriorGradient.mean) as tf.Tensor2D,
              tf.add(
                tf.mul(latentGradient!, tf.mul(tf.mul(noise, deviation), 0.5)),
                posteriorGradient.logVariance,
              ) as tf.Tensor2D,
            ],
            1,
          );
          gradients.set('latent.weight', tf.keep(tf.matMul(both, features, true, false)));
          gradients.set('latent.bias', tf.keep(tf.sum(both, 0)));
          return tf.matMul(both, this.#parameter('latent.weight') as tf.Tensor2D);
        });
        latentGradient?.dispose();
        backwardThrough(this.#plan.encoder, encoder, featureGradient, this.parameters, gradients)?.dispose();
        featureGradient.dispose();
        return gradients;
      },
      dispose: () => {
        encoder.dispose();
        decoder.dispose();
        tf.dispose([mean, logVariance, deviation, latent]);
      },
    };
  }

  /** Host copies of the parameters. */
  toArrays(): NamedArrays {
    return hostArrays(this.parameters);
  }

  /**
   * Overwrites all parameters, all or none.
   * @throws CheckpointIncompatible when an array is missing or has another shape.
   */
  assign(arrays: NamedArrays): void {
    assignParameters(this.#plan.parameters, this.parameters, arrays);
  }

  dispose(): void {
    this.#encode.dispose();
    this.#decode.dispose();
    tf.dispose([...this.parameters.values()]);
  }

  #parameter(name: string): tf.Variable {
    return this.parameters.get(name)!;
  }

  #latentHead(features: tf.Tensor): Posterior {
    const weight = this.#parameter('latent.weight') as tf.Tensor2D;
    const both = tf.add(
      tf.matMul(features as tf.Tensor2D, weight, false, true),
      this.#parameter('latent.bias'),
    );
    const [mean, logVariance] = tf.split(both as tf.Tensor2D, 2, 1) as [tf.Tensor2D, tf.Tensor2D];
    return { mean, logVariance };
  }
}

/** Shape of a batch of masks for an autoencoder; the axis of size 1 is time, which the kernels want. */
export function maskShape(
  config: ShapeAutoencoderConfig,
  batch: number,
): [number, number, number, number, number] {
  return [batch, 1, config.maskSize, config.maskSize, CLASS_COUNT];
}
