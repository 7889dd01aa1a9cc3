/**
 * Which reward networks a policy was fine-tuned against: its record says what it was made from, the files say what
 * they are.
 */
import type { ArtefactRef } from '../ground/artefact-ref.ts';
import { DomainError } from '../ground/errors.ts';
import { kindOf } from './artefact-kind.ts';
import { readArtefact, readRecord } from './artefacts.ts';
import type { ObjectStore } from './store.ts';

/** Of anatomical-reward and landmark-reward. */
const REWARD = /-reward$/;

/**
 * The reward networks nearest to the policy `key`, one of each kind: its own, then those of the policies that it was
 * made from. Empty for a policy that no reward has shaped.
 * @throws DomainError ChecksumMismatch when one of them is damaged.
 */
export async function rewardNetworksOf(store: ObjectStore, key: string): Promise<ArtefactRef[]> {
  const networks = new Map<string, ArtefactRef>();
  const seen = new Set<string>([key]);
  const waiting = [key];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const record = await readRecord(store, next);
    for (const input of record?.inputs ?? []) {
      if (seen.has(input.key) || !input.key.endsWith('.safetensors')) continue;
      seen.add(input.key);
      const kind = await storedKind(store, input);
      if (kind === 'policy') waiting.push(input.key);
      else if (kind !== undefined && REWARD.test(kind) && !networks.has(kind)) networks.set(kind, input);
    }
  }
  return [...networks.values()];
}

/** Undefined for what is not kept, such as the checkpoints of a training that has ended. */
async function storedKind(store: ObjectStore, reference: ArtefactRef): Promise<string | undefined> {
  try {
    return kindOf(await readArtefact(store, reference));
  } catch (error) {
    if (error instanceof DomainError && error.code === 'ArtefactMissing') return undefined;
    throw error;
  }
}
