/**
 * The champion of a model: a pointer that changes by conditional writes alone, and the history of those before it. The
 * pointer decides who is champion; an entry of the history is written after it, or by whoever replaces it, and before
 * that happens. So the history holds all who were champion and nobody who was not, whenever a writer dies or an answer
 * is lost.
 */
import { DomainError } from '../ground/errors.ts';
import { type Champion, ChampionSchema } from './champion.ts';
import { modelKeys } from './keys.ts';
import { openSealedJson, sealJson } from './sealed-json.ts';
import type { ObjectStore } from './store.ts';
import { readTrusted } from './trusted-read.ts';

const ATTEMPTS = 10;
const JSON_TYPE = { contentType: 'application/json' };

/** What becomes champion; its model and place in the history are filled in. */
export type Decision = Omit<Champion, 'model' | 'sequence' | 'previous'>;

interface Present {
  readonly champion: Champion;
  readonly entityTag: string;
}

/** @throws DomainError ChecksumMismatch when the pointer is damaged. */
export async function readChampion(store: ObjectStore, model: string): Promise<Champion | undefined> {
  return (await readPresent(store, model))?.champion;
}

/**
 * All champions that the model has had, oldest first, the present one last.
 * @throws DomainError ChecksumMismatch naming the entry that is damaged.
 */
export async function readHistory(store: ObjectStore, model: string): Promise<Champion[]> {
  const present = await readChampion(store, model);
  if (!present) return [];
  const sequences = await entriesOf(store, model);
  const history = [present];
  // From each to the one that it replaced. Older versions did not say which; then it was the one numbered before.
  for (let { sequence, previous } = present; ; ) {
    const next = previous ?? sequences.findLast((earlier) => earlier < sequence);
    if (!next) return history.reverse();
    const entry = await readEntry(store, historyKey(model, next));
    history.push(entry);
    ({ sequence, previous } = entry);
  }
}

/**
 * Makes the next champion with what `decide` says of the present one; undefined leaves it.
 * @returns the new champion, or undefined when it stays.
 * @throws DomainError StorageUnavailable when others keep changing it, ChecksumMismatch when the pointer is damaged.
 */
export async function replaceChampion(
  store: ObjectStore,
  model: string,
  decide: (present: Champion | undefined) => Decision | undefined | Promise<Decision | undefined>,
): Promise<Champion | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const present = await readPresent(store, model);
    const decision = await decide(present?.champion);
    if (!decision) return undefined;
    // Whoever made the present one may have died before its entry.
    if (present) await enterIntoHistory(store, present.champion);
    const sequence = await nextSequence(store, model, present?.champion);
    const champion: Champion = {
      ...decision,
      model,
      sequence,
      previous: present?.champion.sequence ?? 0,
    };
    if (await point(store, champion, present?.entityTag)) {
      await enterIntoHistory(store, champion);
      return champion;
    }
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

/** True when the pointer has become this champion, also when the answer that says so was lost. */
async function point(
  store: ObjectStore,
  champion: Champion,
  entityTag: string | undefined,
): Promise<boolean> {
  const { model, sequence } = champion;
  const outcome = await store.put(modelKeys.champion(model), sealJson(champion), {
    ...JSON_TYPE,
    ...(entityTag === undefined ? { ifNoneMatch: true } : { ifMatch: entityTag }),
  });
  if (outcome === 'written') return true;
  const now = await readChampion(store, model);
  if (now && isSame(now, champion)) return true;
  // It may have been champion for a moment: whoever replaced it has written its entry.
  const key = historyKey(model, sequence);
  return (await store.head(key)) !== undefined && isSame(await readEntry(store, key), champion);
}

async function enterIntoHistory(store: ObjectStore, champion: Champion): Promise<void> {
  const key = historyKey(champion.model, champion.sequence);
  await store.put(key, sealJson(champion), { ...JSON_TYPE, ifNoneMatch: true });
}

async function nextSequence(
  store: ObjectStore,
  model: string,
  present: Champion | undefined,
): Promise<number> {
  const last = (await entriesOf(store, model)).at(-1) ?? 0;
  return Math.max(last, present?.sequence ?? 0) + 1;
}

/** Sequences of all entries, in order. */
async function entriesOf(store: ObjectStore, model: string): Promise<number[]> {
  const sequences: number[] = [];
  for await (const { key } of store.list(modelKeys.history(model))) {
    const digits = /(\d{6})\.json$/.exec(key)?.[1];
    if (digits !== undefined) sequences.push(Number(digits));
  }
  return sequences.sort((a, b) => a - b);
}

function isSame(one: Champion, other: Champion): boolean {
  // The schema brings fields into one order.
  return JSON.stringify(ChampionSchema.parse(one)) === JSON.stringify(ChampionSchema.parse(other));
}

async function readPresent(store: ObjectStore, model: string): Promise<Present | undefined> {
  const key = modelKeys.champion(model);
  let entityTag = '';
  const read = await readTrusted(
    key,
    async () => {
      const found = await store.getTagged(key);
      entityTag = found?.entityTag ?? '';
      return found?.bytes;
    },
    championOf,
  );
  if (read.kind === 'missing') return undefined;
  if (read.kind === 'good') return { champion: read.value, entityTag };
  throw new DomainError(
    'ChecksumMismatch',
    `${key} is damaged: it does not say who is champion. The newest entry under ${modelKeys.history(model)} does; copy it over ${key}, or delete that and promote a policy by hand.`,
    { key },
  );
}

async function readEntry(store: ObjectStore, key: string): Promise<Champion> {
  const read = await readTrusted(key, () => store.get(key), championOf);
  if (read.kind === 'good') return read.value;
  throw new DomainError(
    'ChecksumMismatch',
    `${key} is ${read.kind}: this entry of the history cannot be read. Restore it, or delete it; the champion stays as it is.`,
    { key },
  );
}

function championOf(bytes: Uint8Array): Champion | undefined {
  return ChampionSchema.safeParse(openSealedJson(bytes)).data;
}
