/** Which reward networks a policy was fine-tuned against: its record says what it was made from. */
import type { ArtefactRef } from '../ground/artefact-ref.ts';
import { readRecord } from './artefacts.ts';
import type { ObjectStore } from './store.ts';

/** A finished network; checkpoints of its training are not one. */
const REWARD = /reward[^/]*(\/(?!checkpoint-)[^/]*)?\.safetensors$/;
const POLICY = /(^|\/)policy[^/]*\.safetensors$/;

/**
 * The reward networks nearest to the policy `key`, one of each file name: its own, then those of the policies that it was made
 * from. Empty for a policy that no reward has shaped.
 */
export async function rewardNetworksOf(store: ObjectStore, key: string): Promise<ArtefactRef[]> {
  const networks = new Map<string, ArtefactRef>();
  const seen = new Set<string>([key]);
  const waiting = [key];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const record = await readRecord(store, next);
    for (const { key: input, sha256, bytes } of record?.inputs ?? []) {
      const name = input.slice(input.lastIndexOf('/') + 1);
      if (REWARD.test(input) && !networks.has(name)) networks.set(name, { key: input, sha256, bytes });
      if (!POLICY.test(input) || seen.has(input)) continue;
      seen.add(input);
      waiting.push(input);
    }
  }
  return [...networks.values()];
}
