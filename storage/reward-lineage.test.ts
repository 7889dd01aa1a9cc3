import { expect, it } from 'vitest';
import type { ArtefactRef } from '../ground/artefact-ref.ts';
import { writeArtefact } from './artefacts.ts';
import { runKeys } from './keys.ts';
import { MemoryStore } from './memory-store.ts';
import { rewardNetworksOf } from './reward-lineage.ts';

async function chain() {
  const store = new MemoryStore();
  const make = (key: string, inputs: ArtefactRef[]) =>
    writeArtefact(store, key, Buffer.from(key), { inputs, codeVersion: '0', mediaType: 'text/plain' });
  const first = await make(runKeys.policy('r', 0), []);
  const checkpoint = await make('runs/r/iter-01/rewards/checkpoint-00000001.safetensors', []);
  const landmark = await make('runs/r/landmark-reward.safetensors', []);
  const early = await make(runKeys.anatomicalReward('r', 1), [checkpoint]);
  const second = await make(runKeys.policy('r', 1), [first, early, landmark, checkpoint]);
  const late = await make(runKeys.anatomicalReward('r', 2), []);
  const third = await make(runKeys.policy('r', 2), [second, first, late]);
  return { store, first, landmark, early, second, late, third };
}

it('finds the nearest reward network of each name, through the policies before', async () => {
  const { store, landmark, early, second, late, third } = await chain();
  expect(await rewardNetworksOf(store, third.key)).toEqual([late, landmark]);
  expect(await rewardNetworksOf(store, second.key)).toEqual([early, landmark]);
});

it('finds none for a policy that no reward has shaped, or that is not there', async () => {
  const { store, first } = await chain();
  expect(await rewardNetworksOf(store, first.key)).toEqual([]);
  expect(await rewardNetworksOf(store, 'runs/x/policy.safetensors')).toEqual([]);
});
