import { describe, expect, it } from 'vitest';
import { encodeSafetensors } from '../../method/networks/safetensors.ts';
import { writeArtefact } from '../../storage/artefacts.ts';
import { readHistory } from '../../storage/champions.ts';
import { runKeys } from '../../storage/keys.ts';
import { MemoryStore } from '../../storage/memory-store.ts';
import { loadChampionReward } from '../segmentation/networks.ts';
import { listModels, promoteByHand, requireChampion, rollBack } from './champion.ts';

const origin = { inputs: [], codeVersion: '0', mediaType: 'application/octet-stream' };

async function storeWithRun(): Promise<MemoryStore> {
  const store = new MemoryStore();
  await writeArtefact(store, runKeys.config('r'), Buffer.from('{}'), origin);
  for (const iteration of [0, 1, 2]) {
    await writeArtefact(store, runKeys.policy('r', iteration), Buffer.from(`policy ${iteration}`), origin);
  }
  return store;
}

describe('models', () => {
  it('go back to the champion before, and not past the first', async () => {
    const store = await storeWithRun();
    await promoteByHand(store, 'm', 'r', 1);
    await promoteByHand(store, 'm', 'r', 2);
    expect(await rollBack(store, 'm')).toMatchObject({ iteration: 1, reason: 'Rolled back to entry 1.' });
    await expect(rollBack(store, 'm')).rejects.toThrow('no earlier champion');
    expect((await readHistory(store, 'm')).map((entry) => entry.iteration)).toEqual([1, 2, 1]);
    expect((await listModels(store)).map((champion) => champion.model)).toEqual(['m']);
  });

  it('suggest a name for a mistyped one', async () => {
    const store = await storeWithRun();
    await promoteByHand(store, 'hospital', 'r', 1);
    await expect(requireChampion(store, 'hospitl')).rejects.toThrow('Did you mean "hospital"');
  });

  it('name the reward networks that the last policy of the run was fine-tuned against', async () => {
    const store = await storeWithRun();
    const landmark = await writeArtefact(
      store,
      'runs/q/rewards/landmark.safetensors',
      encodeSafetensors({}, { kind: 'landmark-reward' }),
      origin,
    );
    const before = await writeArtefact(
      store,
      runKeys.policy('q', 0),
      encodeSafetensors({}, { kind: 'policy' }),
      origin,
    );
    const anatomical = await writeArtefact(
      store,
      runKeys.anatomicalReward('q', 1),
      encodeSafetensors({}, { kind: 'anatomical-reward' }),
      origin,
    );
    await writeArtefact(store, runKeys.config('q'), Buffer.from('{"q":1}'), origin);
    const inputs = [before, anatomical, landmark];
    await writeArtefact(store, runKeys.policy('q', 1), Buffer.from('p1'), { ...origin, inputs });
    expect(await promoteByHand(store, 'm', 'q', 0)).toMatchObject({ rewardNetworks: [anatomical, landmark] });
    expect(await promoteByHand(store, 'm', 'r', 1)).not.toHaveProperty('rewardNetworks');
    await expect(loadChampionReward(store, 'm')).rejects.toThrow('--reward FILE');
  });

  it('refuse an iteration that the run does not have', async () => {
    await expect(promoteByHand(await storeWithRun(), 'm', 'r', 7)).rejects.toMatchObject({
      code: 'ArtefactMissing',
    });
  });
});
