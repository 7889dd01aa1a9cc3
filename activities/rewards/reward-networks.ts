/** The stored reward networks of a run. */
import type { RewardModel } from '../../contracts/messages.ts';
import type { RewardNetwork } from '../../method/ppo/reward-networks.ts';
import { loadNetwork } from '../artefacts/networks.ts';
import type { ActivityContext } from '../context.ts';

/** The anatomical network, then the landmark one where the run has it. The caller disposes the networks. */
export async function loadRewardNetworks(
  context: ActivityContext,
  { network, temperature, landmark }: RewardModel,
): Promise<RewardNetwork[]> {
  const parts = [
    { kind: 'anatomical-reward', stored: network, temperature },
    ...(landmark ? [{ kind: 'landmark-reward', stored: landmark, temperature: 1 } as const] : []),
  ] as const;
  const rewards: RewardNetwork[] = [];
  try {
    for (const { kind, stored, temperature } of parts) {
      rewards.push({ kind, network: await loadNetwork(context, stored, kind), temperature });
    }
    return rewards;
  } catch (error) {
    for (const reward of rewards) reward.network.dispose();
    throw error;
  }
}
