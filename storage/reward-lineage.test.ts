import { expect, it } from 'vitest';
import type { ArtefactRef } from '../ground/artefact-ref.ts';
import { encodeSafetensors } from '../method/networks/safetensors.ts';
import { deleteArtefact, writeArtefact } from './artefacts.ts';
import { MemoryStore } from './memory-store.ts';
import { rewardNetworksOf } from './reward-lineage.ts';

const origin = { codeVersion: '0', mediaType: 'application/octet-stream' };

/** Files whose names say nothing; one array tells them apart. */
async function chain() {
  const store = new MemoryStore();
  let made = 0;
  const make = (kind: string, inputs: ArtefactRef[]) => {
    const bytes = encodeSafetensors({ w: { shape: [1], data: Float32Array.of(made) } }, { kind });
    return writeArtefact(store, `runs/r/${made++}.safetensors`, bytes, { ...origin, inputs });
  };
  const first = await make('policy', []);
  const checkpoint = await make('training-state', []);
  const landmark = await make('landmark-reward', []);
  const early = await make('anatomical-reward', [checkpoint]);
  const second = await make('policy', [first, early, landmark, checkpoint]);
  const late = await make('anatomical-reward', []);
  const third = await make('policy', [second, first, late]);
  return { store, first, checkpoint, landmark, early, second, late, third };
}

it('finds the nearest reward network of each kind, through the policies before, whatever the files are called', async () => {
  const { store, landmark, early, second, late, third } = await chain();
  expect(await rewardNetworksOf(store, third.key)).toEqual([late, landmark]);
  expect(await rewardNetworksOf(store, second.key)).toEqual([early, landmark]);
});

it('passes over a file that is named like a reward network and is none', async () => {
  const { store } = await chain();
  const named = 'runs/r/rewards/anatomical.safetensors';
  const bytes = encodeSafetensors({}, { kind: 'shape-autoencoder' });
  const other = await writeArtefact(store, named, bytes, { ...origin, inputs: [] });
  const text = await writeArtefact(store, 'runs/r/reward.safetensors', Buffer.from('no weights'), {
    ...origin,
    inputs: [],
  });
  const inputs = [other, text];
  const policy = await writeArtefact(store, 'p.safetensors', encodeSafetensors({}, { kind: 'policy' }), {
    ...origin,
    inputs,
  });
  expect(await rewardNetworksOf(store, policy.key)).toEqual([]);
});

it('goes on past checkpoints that are gone, and stops at a network that is damaged', async () => {
  const { store, checkpoint, second, early, landmark } = await chain();
  await deleteArtefact(store, checkpoint.key);
  expect(await rewardNetworksOf(store, second.key)).toEqual([early, landmark]);
  await store.put(early.key, Buffer.from('something else'));
  await expect(rewardNetworksOf(store, second.key)).rejects.toMatchObject({ code: 'ChecksumMismatch' });
});

it('finds none for a policy that no reward has shaped, or that is not there', async () => {
  const { store, first } = await chain();
  expect(await rewardNetworksOf(store, first.key)).toEqual([]);
  expect(await rewardNetworksOf(store, 'runs/x/policy.safetensors')).toEqual([]);
});
