/** The reward that policies are fine-tuned against, out of the stored reward networks (method.md 5.4, 5.5). */
import type { RewardModel } from '../../contracts/messages.ts';
import type { RunConfig } from '../../contracts/run-config.ts';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import { fusedReward, type RewardOf } from '../../method/ppo/reward-map.ts';
import { networksToFuse } from '../../method/ppo/reward-networks.ts';
import type { ActivityContext } from '../context.ts';
import { loadRewardNetworks } from './reward-networks.ts';

export interface PolicyRewards {
  /** Scaled per frame, with the temporal penalty where the run has it. */
  readonly training: RewardOf;
  /** Not scaled, so that policies can be compared. */
  readonly validation: RewardOf;
  dispose(): void;
}

/** The caller disposes the result. */
export async function loadPolicyRewards(
  context: ActivityContext,
  reward: RewardModel,
  config: RunConfig,
): Promise<PolicyRewards> {
  const networks = await loadRewardNetworks(context, reward);
  const fused = { ...networksToFuse(networks), spacingMm: config.preprocessing.spacingMm };
  const { temporalPenalty } = config.ppo;
  return {
    training: fusedReward({ ...fused, scaling: 'per-frame', temporalPenalty }),
    validation: fusedReward({ ...fused, scaling: 'none', temporalPenalty: false }),
    dispose: () => {
      for (const { network } of networks) network.dispose();
    },
  };
}

/** The networks that a reward is made of. */
export function rewardInputs({ network, landmark }: RewardModel): ArtefactRef[] {
  return landmark ? [network, landmark] : [network];
}
