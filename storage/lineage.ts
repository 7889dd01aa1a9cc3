/** What an artefact was made from, all the way back. */
import { type ArtefactRecord, readRecord } from './artefacts.ts';
import type { ObjectStore } from './store.ts';

/**
 * The artefact's record and those of everything it was made from, nearest first, each once. Inputs without a record
 * (raw data) are left out.
 */
export async function lineageOf(store: ObjectStore, key: string): Promise<ArtefactRecord[]> {
  const seen = new Set<string>([key]);
  const waiting = [key];
  const records: ArtefactRecord[] = [];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const record = await readRecord(store, next);
    if (!record) continue;
    records.push(record);
    for (const input of record.inputs) {
      if (seen.has(input.key)) continue;
      seen.add(input.key);
      waiting.push(input.key);
    }
  }
  return records;
}
