/**
 * The policy and, where the objective has one, its critic with their optimisers: all that a step of fine-tuning
 * changes. What a step that broke a guard goes back to is held on the device; a snapshot on the host is what a
 * checkpoint stores.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { PpoConfig } from '../../contracts/run-config.ts';
import { DomainError } from '../../ground/errors.ts';
import { type RecordedStep, recorded } from '../../recorded/recorded.ts';
import { Adam } from '../networks/adam.ts';
import type { Held } from '../networks/held-values.ts';
import type { NamedArrays } from '../networks/named-arrays.ts';
import { hasArrays, takeArrays, withPrefix } from '../networks/prefixed-arrays.ts';
import type { UNet3D } from '../networks/unet3d.ts';
import { findNotFiniteWeight, type Violation } from './guards.ts';

/** Host copies; not to be changed. */
export interface LearnerArrays {
  readonly policy: NamedArrays;
  readonly policyAdam: NamedArrays;
  readonly critic?: NamedArrays;
  readonly criticAdam?: NamedArrays;
}

const parts = ['policy', 'critic', 'policyAdam', 'criticAdam'] as const satisfies (keyof LearnerArrays)[];

/** What the published objective learns with. */
export interface CriticLearner {
  readonly critic: UNet3D;
  readonly criticOptimiser: Adam;
}

export class Learners {
  readonly policy: UNet3D;
  readonly policyOptimiser: Adam;
  readonly critic: CriticLearner | undefined;
  readonly #weightsTimesZero: RecordedStep<[], tf.Scalar>;

  /** The networks stay the caller's; the optimisers are this object's, to be disposed with it. */
  constructor(
    policy: UNet3D,
    critic: UNet3D | undefined,
    config: Pick<PpoConfig, 'policyLearningRate' | 'criticLearningRate'>,
  ) {
    this.policy = policy;
    this.policyOptimiser = new Adam(policy.parameters, { learningRate: config.policyLearningRate });
    this.critic = critic && {
      critic,
      criticOptimiser: new Adam(critic.parameters, { learningRate: config.criticLearningRate }),
    };
    this.#weightsTimesZero = recorded('PPO weights', () => {
      const weights = [
        this.policyOptimiser.vector.of(policy.parameters),
        ...(this.critic ? [this.critic.criticOptimiser.vector.of(this.critic.critic.parameters)] : []),
      ];
      return tf.addN(weights.map((of): tf.Scalar => tf.sum(tf.mul(of, 0))));
    });
  }

  /** @throws DomainError ConfigInvalid without a critic. */
  get withCritic(): CriticLearner {
    if (this.critic) return this.critic;
    throw new DomainError('ConfigInvalid', 'the published objective learns with a critic; none was given');
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
    const critic = this.critic?.critic.toArrays() ?? {};
    return findNotFiniteWeight(this.policy.toArrays()) ?? findNotFiniteWeight(critic);
  }

  /** Holds all of it on the device, to go back to. */
  hold(): Held {
    const { policy, policyOptimiser, critic } = this;
    const changing = [policy, policyOptimiser, ...(critic ? [critic.critic, critic.criticOptimiser] : [])];
    const held = changing.map((part) => part.hold());
    return {
      restore: () => {
        for (const part of held) part.restore();
      },
      dispose: () => {
        for (const part of held) part.dispose();
      },
    };
  }

  snapshot(): LearnerArrays {
    return {
      policy: this.policy.toArrays(),
      policyAdam: this.policyOptimiser.toArrays(),
      ...(this.critic && {
        critic: this.critic.critic.toArrays(),
        criticAdam: this.critic.criticOptimiser.toArrays(),
      }),
    };
  }

  /** @throws DomainError CheckpointIncompatible when arrays are missing or have other shapes. */
  restore({ policy, policyAdam, critic, criticAdam }: LearnerArrays): void {
    this.policy.assign(policy);
    this.policyOptimiser.assign(policyAdam);
    this.critic?.critic.assign(critic ?? {});
    this.critic?.criticOptimiser.assign(criticAdam ?? {});
  }

  dispose(): void {
    this.#weightsTimesZero.dispose();
    this.policyOptimiser.dispose();
    this.critic?.criticOptimiser.dispose();
  }
}

/** A snapshot as one set of arrays under policy/, policyAdam/ and, with a critic, critic/ and criticAdam/. */
export function joinArrays(snapshot: LearnerArrays): NamedArrays {
  return Object.assign({}, ...parts.map((part) => withPrefix(part, snapshot[part] ?? {})));
}

/** The inverse of `joinArrays`. @throws DomainError CheckpointIncompatible when the policy's are missing. */
export function splitArrays(arrays: NamedArrays): LearnerArrays {
  return {
    policy: takeArrays('policy', arrays),
    policyAdam: takeArrays('policyAdam', arrays),
    ...(hasArrays('critic', arrays) && {
      critic: takeArrays('critic', arrays),
      criticAdam: takeArrays('criticAdam', arrays),
    }),
  };
}
