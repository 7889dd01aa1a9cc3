/**
 * Policy and critic with their optimisers: all that a step of fine-tuning changes. What a step that broke a guard goes
 * back to is held on the device; a snapshot on the host is what a checkpoint stores.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { PpoConfig } from '../../contracts/run-config.ts';
import { type RecordedStep, recorded } from '../../recorded/recorded.ts';
import { Adam } from '../networks/adam.ts';
import type { Held } from '../networks/held-values.ts';
import type { NamedArrays } from '../networks/named-arrays.ts';
import { takeArrays, withPrefix } from '../networks/prefixed-arrays.ts';
import type { UNet3D } from '../networks/unet3d.ts';
import { findNotFiniteWeight, type Violation } from './guards.ts';

/** Host copies; not to be changed. */
export interface LearnerArrays {
  readonly policy: NamedArrays;
  readonly critic: NamedArrays;
  readonly policyAdam: NamedArrays;
  readonly criticAdam: NamedArrays;
}

export class Learners {
  readonly policy: UNet3D;
  readonly critic: UNet3D;
  readonly policyOptimiser: Adam;
  readonly criticOptimiser: Adam;
  readonly #weightsTimesZero: RecordedStep<[], tf.Scalar>;

  /** The networks stay the caller's; the optimisers are this object's, to be disposed with it. */
  constructor(
    policy: UNet3D,
    critic: UNet3D,
    config: Pick<PpoConfig, 'policyLearningRate' | 'criticLearningRate'>,
  ) {
    this.policy = policy;
    this.critic = critic;
    this.policyOptimiser = new Adam(policy.parameters, { learningRate: config.policyLearningRate });
    this.criticOptimiser = new Adam(critic.parameters, { learningRate: config.criticLearningRate });
    this.#weightsTimesZero = recorded('PPO weights', () => {
      const ofPolicy = this.policyOptimiser.vector.of(policy.parameters);
      const ofCritic = this.criticOptimiser.vector.of(critic.parameters);
      return tf.add(tf.sum(tf.mul(ofPolicy, 0)), tf.sum(tf.mul(ofCritic, 0)));
    });
  }

  /**
   * A weight that is NaN or infinite, as a violation. Weights are looked through on the device, and on the host to name
   * one.
   */
  findNotFiniteWeight(): Violation | undefined {
    const zero = this.#weightsTimesZero();
    // What is not finite is NaN when multiplied by zero, and so is a sum with it.
    const finite = Number.isFinite(zero.dataSync<'float32'>()[0]);
    zero.dispose();
    if (finite) return undefined;
    return findNotFiniteWeight(this.policy.toArrays()) ?? findNotFiniteWeight(this.critic.toArrays());
  }

  /** Holds all of it on the device, to go back to. */
  hold(): Held {
    const parts = [this.policy, this.critic, this.policyOptimiser, this.criticOptimiser].map((part) =>
      part.hold(),
    );
    return {
      restore: () => {
        for (const part of parts) part.restore();
      },
      dispose: () => {
        for (const part of parts) part.dispose();
      },
    };
  }

  snapshot(): LearnerArrays {
    return {
      policy: this.policy.toArrays(),
      critic: this.critic.toArrays(),
      policyAdam: this.policyOptimiser.toArrays(),
      criticAdam: this.criticOptimiser.toArrays(),
    };
  }

  /** @throws DomainError CheckpointIncompatible when arrays are missing or have other shapes. */
  restore({ policy, critic, policyAdam, criticAdam }: LearnerArrays): void {
    this.policy.assign(policy);
    this.critic.assign(critic);
    this.policyOptimiser.assign(policyAdam);
    this.criticOptimiser.assign(criticAdam);
  }

  dispose(): void {
    this.#weightsTimesZero.dispose();
    this.policyOptimiser.dispose();
    this.criticOptimiser.dispose();
  }
}

/** A snapshot as one set of arrays under policy/, critic/, policyAdam/ and criticAdam/. */
export function joinArrays(snapshot: LearnerArrays): NamedArrays {
  const { policy, critic, policyAdam, criticAdam } = snapshot;
  return {
    ...withPrefix('policy', policy),
    ...withPrefix('critic', critic),
    ...withPrefix('policyAdam', policyAdam),
    ...withPrefix('criticAdam', criticAdam),
  };
}

/** The inverse of `joinArrays`. @throws DomainError CheckpointIncompatible when one of the four is missing. */
export function splitArrays(arrays: NamedArrays): LearnerArrays {
  return {
    policy: takeArrays('policy', arrays),
    critic: takeArrays('critic', arrays),
    policyAdam: takeArrays('policyAdam', arrays),
    criticAdam: takeArrays('criticAdam', arrays),
  };
}
