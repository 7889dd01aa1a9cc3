/** The reward of a run, out of its stored networks. */
import type { RewardModel } from '../../contracts/messages.ts';
import type { RunConfig } from '../../contracts/run-config.ts';
import type { ArtefactRef } from '../../ground/artefact-ref.ts';
import { Reward, type WindowReward } from '../../method/rewards/reward.ts';
import type { RewardCheckpoint } from '../../method/rewards/reward-network.ts';
import type { ActivityContext } from '../context.ts';

/** The reward of the anatomical network and, where the run has it, the landmark one. The caller disposes it. */
export async function loadReward(
  context: ActivityContext,
  { network, temperature, landmark }: RewardModel,
): Promise<Reward> {
  const stored = async (
    reference: ArtefactRef,
    expected: Pick<RewardCheckpoint, 'kind' | 'temperature'>,
  ): Promise<RewardCheckpoint> => ({
    bytes: await context.cache.read(reference),
    origin: reference.key,
    ...expected,
  });
  return Reward.fromCheckpoints([
    await stored(network, { kind: 'anatomical-reward', temperature }),
    ...(landmark ? [await stored(landmark, { kind: 'landmark-reward' })] : []),
  ]);
}

/**
 * What policies are fine-tuned against (method.md 5.4, 5.5), with the penalties that the run has. The published
 * objective has it scaled per frame; a group compares what its proposals earn, which scaling each by its own would
 * spoil.
 */
export function trainingReward(reward: Reward, { ppo, preprocessing }: RunConfig): WindowReward {
  const { spacingMm } = preprocessing;
  return reward.ofWindows({
    scaling: ppo.objective === 'published' ? 'per-frame' : 'none',
    cleaningPenalty: ppo.cleaningPenalty,
    temporalPenalty: ppo.temporalPenalty ? { spacingMm } : undefined,
  });
}

/** What policies are compared by: not scaled, and no penalty. */
export function comparableReward(reward: Reward): WindowReward {
  return reward.ofWindows({ scaling: 'none' });
}

/** The networks that a reward is made of. */
export function rewardInputs({ network, landmark }: RewardModel): ArtefactRef[] {
  return landmark ? [network, landmark] : [network];
}
