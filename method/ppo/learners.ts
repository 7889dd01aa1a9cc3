/**
 * Policy and critic with their optimisers: all that a step of fine-tuning changes. A snapshot of them is what a step
 * that broke a guard goes back to, and what a checkpoint stores.
 */
import type { PpoConfig } from '../../contracts/run-config.ts';
import { Adam } from '../networks/adam.ts';
import type { NamedArrays } from '../networks/named-arrays.ts';
import { takeArrays, withPrefix } from '../networks/prefixed-arrays.ts';
import type { UNet3D } from '../networks/unet3d.ts';

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
