/** The champion of a model: a pointer that changes by conditional writes alone, over a history that is never rewritten. */

import { DomainError } from '../ground/errors.ts';
import { type Champion, ChampionSchema } from './champion.ts';
import { modelKeys } from './keys.ts';
import type { ObjectStore } from './store.ts';

const ATTEMPTS = 10;

/** @throws DomainError ChecksumMismatch when the pointer is damaged. */
export async function readChampion(store: ObjectStore, model: string): Promise<Champion | undefined> {
  return (await readTagged(store, model))?.champion;
}

/**
 * Makes the next champion with what `decide` says of the present one; undefined leaves it.
 * @returns the new champion, or undefined when it stays.
 * @throws DomainError StorageUnavailable when others keep changing it.
 */
export async function replaceChampion(
  store: ObjectStore,
  model: string,
  decide: (present: Champion | undefined) => Omit<Champion, 'model' | 'sequence'> | undefined,
): Promise<Champion | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const present = await readTagged(store, model);
    const decision = decide(present?.champion);
    if (!decision) return undefined;
    const champion: Champion = { ...decision, model, sequence: await nextSequence(store, model) };
    const bytes = new TextEncoder().encode(`${JSON.stringify(champion)}\n`);
    const options = { contentType: 'application/json' };
    const recorded = await store.put(historyKey(model, champion.sequence), bytes, {
      ...options,
      ifNoneMatch: true,
    });
    if (recorded === 'refused') continue;
    const outcome = await store.put(modelKeys.champion(model), bytes, {
      ...options,
      ...(present ? { ifMatch: present.entityTag } : { ifNoneMatch: true }),
    });
    if (outcome === 'written') return champion;
    // Somebody else was faster: this entry was never champion.
    await store.delete(historyKey(model, champion.sequence));
  }
  throw new DomainError(
    'StorageUnavailable',
    `The champion of ${model} was changed ${ATTEMPTS} times in a row by others.`,
  );
}

/** Key of an entry of the history. */
export function historyKey(model: string, sequence: number): string {
  return `${modelKeys.history(model)}${String(sequence).padStart(6, '0')}.json`;
}

async function nextSequence(store: ObjectStore, model: string): Promise<number> {
  let last = 0;
  for await (const { key } of store.list(modelKeys.history(model))) {
    last = Math.max(last, Number(/(\d{6})\.json$/.exec(key)?.[1] ?? 0));
  }
  return last + 1;
}

async function readTagged(store: ObjectStore, model: string) {
  const found = await store.getTagged(modelKeys.champion(model));
  if (!found) return undefined;
  const parsed = ChampionSchema.safeParse(JSON.parse(new TextDecoder().decode(found.bytes)));
  if (parsed.success) return { champion: parsed.data, entityTag: found.entityTag };
  throw new DomainError(
    'ChecksumMismatch',
    `${modelKeys.champion(model)} is damaged: ${parsed.error.message}. Restore it from ${modelKeys.history(model)}.`,
  );
}
