/** Reward networks of segmentation, out of checkpoint files: to optimise by, and to say how sure a segmentation is. */
import { readFile } from 'node:fs/promises';
import { DomainError } from '../../ground/errors.ts';
import { decodeNetwork } from '../../method/networks/network-checkpoint.ts';
import { type RewardKind, type RewardNetwork, rewardKinds } from '../../method/ppo/reward-networks.ts';

/**
 * The reward networks of checkpoint files, at most one of each kind.
 * @throws DomainError ArtefactMissing, CheckpointIncompatible, ConfigInvalid for two of a kind. The caller disposes the networks.
 */
export async function loadRewardFiles(files: readonly string[]): Promise<RewardNetwork[]> {
  const rewards: RewardNetwork[] = [];
  try {
    for (const file of files) {
      const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
        throw new DomainError(
          'ArtefactMissing',
          `${file}: the checkpoint cannot be read (${error.code}). --reward takes a .safetensors file of a reward network.`,
        );
      });
      const reward = rewardNetworkOf(bytes, file);
      rewards.push(reward);
      const same = rewards.findIndex(({ kind }) => kind === reward.kind);
      if (same < rewards.length - 1) {
        throw new DomainError(
          'ConfigInvalid',
          `${files[same]} and ${file} are both reward networks of kind ${reward.kind}. Name one of each kind.`,
        );
      }
    }
  } catch (error) {
    for (const { network } of rewards) network.dispose();
    throw error;
  }
  return rewards;
}

/** The reward network in the bytes. @throws DomainError CheckpointIncompatible naming `origin`. */
export function rewardNetworkOf(bytes: Uint8Array, origin: string): RewardNetwork {
  let decoded: ReturnType<typeof decodeNetwork<RewardKind>>;
  try {
    decoded = decodeNetwork(bytes, rewardKinds);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    throw new DomainError(error.code, `${origin}: ${error.message}`, error.details, { cause: error });
  }
  const { network, kind, metadata } = decoded;
  const temperature = kind === 'anatomical-reward' ? Number(metadata.temperature ?? 1) : 1;
  if (temperature > 0 && Number.isFinite(temperature)) return { kind, network, temperature };
  network.dispose();
  throw new DomainError(
    'CheckpointIncompatible',
    `${origin}: expected a temperature above 0 in the checkpoint's metadata, found "${metadata.temperature}". Save it again with this software.`,
  );
}
