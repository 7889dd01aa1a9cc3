import { describe, expect, it } from 'vitest';
import { writeArtefact } from '../../storage/artefacts.ts';
import { runKeys } from '../../storage/keys.ts';
import { MemoryStore } from '../../storage/memory-store.ts';
import { championHistory, listModels, promoteByHand, requireChampion, rollBack } from './champion.ts';

async function storeWithRun(): Promise<MemoryStore> {
  const store = new MemoryStore();
  const origin = { inputs: [], codeVersion: '0', mediaType: 'application/octet-stream' };
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
    expect((await championHistory(store, 'm')).map((entry) => entry.iteration)).toEqual([1, 2, 1]);
    expect((await listModels(store)).map((champion) => champion.model)).toEqual(['m']);
  });

  it('suggest a name for a mistyped one', async () => {
    const store = await storeWithRun();
    await promoteByHand(store, 'hospital', 'r', 1);
    await expect(requireChampion(store, 'hospitl')).rejects.toThrow('Did you mean "hospital"');
  });

  it('refuse an iteration that the run does not have', async () => {
    await expect(promoteByHand(await storeWithRun(), 'm', 'r', 7)).rejects.toMatchObject({
      code: 'ArtefactMissing',
    });
  });
});
