/** A policy with a copy of it for noise on its weights: what the degradations of method.md 4.3 are made with. */
import type { RunConfig } from '../../contracts/run-config.ts';
import { randomStream } from '../../ground/random.ts';
import { policyLogits } from '../../method/inference/predict-video.ts';
import type { NamedArrays } from '../../method/networks/named-arrays.ts';
import { UNet3D } from '../../method/networks/unet3d.ts';
import { perturbWeights } from '../../method/rewards/degradation.ts';
import type { PolicyLogits } from '../../method/rewards/labelling.ts';

export class DegradedPolicy {
  readonly #config: Pick<RunConfig, 'seed' | 'inference'>;
  readonly #policy: UNet3D;
  readonly #noisy: UNet3D;
  readonly #weights: NamedArrays;

  /** The policy becomes this object's, to be disposed with it. */
  constructor(policy: UNet3D, config: Pick<RunConfig, 'seed' | 'inference'>) {
    this.#config = config;
    this.#policy = policy;
    this.#weights = policy.toArrays();
    this.#noisy = UNet3D.fromArrays(policy.config, this.#weights);
  }

  /** @param purpose names the noise, such as an iteration and a video: the same name gives the same noise. */
  logits(...purpose: readonly (string | number)[]): PolicyLogits {
    const { seed, inference } = this.#config;
    return (image, noise) => {
      let network = this.#policy;
      if (noise !== 'clean') {
        const random = randomStream(seed, 'weight-noise', ...purpose, noise);
        this.#noisy.assign(perturbWeights(this.#weights, noise, random));
        network = this.#noisy;
      }
      return policyLogits(network, image, inference);
    };
  }

  dispose(): void {
    this.#policy.dispose();
    this.#noisy.dispose();
  }
}
