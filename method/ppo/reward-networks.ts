/** The reward networks that a fused reward or a confidence map is made of (method.md 5.3, 5.4). */
import type { UNet3D } from '../networks/unet3d.ts';
import type { RewardNetworks } from './reward-map.ts';

export const rewardKinds = ['anatomical-reward', 'landmark-reward'] as const;
export type RewardKind = (typeof rewardKinds)[number];

export interface RewardNetwork {
  readonly kind: RewardKind;
  readonly network: UNet3D;
  /** T of method.md 5.3; 1 for the landmark network, which is not scaled. */
  readonly temperature: number;
}

/** The networks in the form of `fusedReward`, which takes one alone as its first whatever its kind. */
export function networksToFuse(
  rewards: readonly RewardNetwork[],
): Pick<RewardNetworks, 'anatomical' | 'temperature' | 'landmark'> {
  const anatomical = rewards.find(({ kind }) => kind === 'anatomical-reward');
  const landmark = rewards.find(({ kind }) => kind === 'landmark-reward');
  const { network, temperature } = anatomical ?? landmark!;
  return { anatomical: network, temperature, landmark: anatomical && landmark?.network };
}
