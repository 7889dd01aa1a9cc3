/** The reward of segmentation, out of checkpoint files: to optimise by, and to say how sure a segmentation is. */
import { readFile } from 'node:fs/promises';
import { DomainError } from '../../ground/errors.ts';
import { Reward } from '../../method/rewards/reward.ts';

/**
 * The reward of the networks in checkpoint files, at most one of each kind.
 * @throws DomainError ArtefactMissing, CheckpointIncompatible, ConfigInvalid for two of a kind. The caller disposes it.
 */
export async function loadRewardFiles(files: readonly string[]): Promise<Reward> {
  const checkpoints = await Promise.all(
    files.map(async (file) => {
      const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
        throw new DomainError(
          'ArtefactMissing',
          `${file}: the checkpoint cannot be read (${error.code}). --reward takes a .safetensors file of a reward network.`,
        );
      });
      return { bytes, origin: file };
    }),
  );
  return Reward.fromCheckpoints(checkpoints);
}
