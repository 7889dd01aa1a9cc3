import { describe, expect, it } from 'vitest';
import {
  deleteArtefact,
  findArtefact,
  findMadeFrom,
  readArtefact,
  recordKey,
  writeArtefact,
} from './artefacts.ts';
import { checkedName, runKeys } from './keys.ts';
import { lineageOf } from './lineage.ts';
import { MemoryStore } from './memory-store.ts';

const bytes = new TextEncoder().encode('weights');
const origin = { inputs: [], codeVersion: 'test', mediaType: 'application/octet-stream' };

describe('an artefact', () => {
  it('exists only once its record is written', async () => {
    const store = new MemoryStore();
    await store.put('half', bytes);
    expect(await findArtefact(store, 'half')).toBeUndefined();
    const reference = await writeArtefact(store, 'half', bytes, origin);
    expect(await findArtefact(store, 'half')).toEqual(reference);
    expect(await readArtefact(store, reference)).toEqual(bytes);
  });

  it('may be written twice with the same bytes but never with others', async () => {
    const store = new MemoryStore();
    const first = await writeArtefact(store, 'k', bytes, origin);
    expect(await writeArtefact(store, 'k', bytes, origin)).toEqual(first);
    await expect(writeArtefact(store, 'k', new Uint8Array([1]), origin)).rejects.toMatchObject({
      code: 'ChecksumMismatch',
    });
    expect(await readArtefact(store, first)).toEqual(bytes);
  });

  it('is not taken for complete when its record was refused and is not there', async () => {
    const store = new (class extends MemoryStore {
      override async put(...[key, ...rest]: Parameters<MemoryStore['put']>) {
        return key === recordKey('k') ? ('refused' as const) : super.put(key, ...rest);
      }
    })();
    await expect(writeArtefact(store, 'k', bytes, origin)).rejects.toMatchObject({
      code: 'StorageUnavailable',
    });
  });

  it('is refused when a single byte has changed, when it is gone, and when its record is damaged', async () => {
    const store = new MemoryStore();
    const reference = await writeArtefact(store, 'k', bytes, origin);
    const flipped = bytes.slice();
    flipped[3]! ^= 1;
    await store.put('k', flipped);
    await expect(readArtefact(store, reference)).rejects.toMatchObject({ code: 'ChecksumMismatch' });
    await store.delete('k');
    await expect(readArtefact(store, reference)).rejects.toMatchObject({ code: 'ArtefactMissing' });
    await store.put(recordKey('k'), new TextEncoder().encode('{"key":'));
    await expect(findArtefact(store, 'k')).rejects.toMatchObject({ code: 'ChecksumMismatch' });
    await deleteArtefact(store, 'k');
    expect(await findArtefact(store, 'k')).toBeUndefined();
  });

  it('of the end of something is found when it was made from the same, and goes when that went on', async () => {
    const store = new MemoryStore();
    const [one, other] = [
      await writeArtefact(store, 'one', bytes, origin),
      await writeArtefact(store, 'other', bytes, origin),
    ];
    const made = await writeArtefact(store, 'end', bytes, { ...origin, inputs: [one] });
    expect(await findMadeFrom(store, 'end', [one])).toEqual(made);
    expect(await findMadeFrom(store, 'end', [one, other])).toBeUndefined();
    expect(await findArtefact(store, 'end')).toBeUndefined();
    expect(
      await writeArtefact(store, 'end', new Uint8Array([1]), { ...origin, inputs: [one, other] }),
    ).toMatchObject({ bytes: 1 });
    expect(await findMadeFrom(store, 'none', [])).toBeUndefined();
  });

  it('leads back to everything it was made from', async () => {
    const store = new MemoryStore();
    const data = await writeArtefact(store, 'data', bytes, origin);
    const policy = await writeArtefact(store, 'policy', bytes, { ...origin, inputs: [data] });
    await writeArtefact(store, 'report', bytes, { ...origin, inputs: [policy, data] });
    expect((await lineageOf(store, 'report')).map((record) => record.key)).toEqual([
      'report',
      'policy',
      'data',
    ]);
  });
});

it('whose record had a byte flipped once is read again; whose record stays so is damaged', async () => {
  const store = new (class extends MemoryStore {
    flips = 0;
    override async get(key: string): Promise<Uint8Array | undefined> {
      const found = await super.get(key);
      // A digit of the digest becomes another: without a seal of its own the record would be believed.
      if (found && key.endsWith('.json') && this.flips-- > 0)
        found[Buffer.from(found).indexOf('"sha256": "') + 11]! ^= 1;
      return found;
    }
  })();
  const reference = await writeArtefact(store, 'k', bytes, origin);
  store.flips = 1;
  expect(await findArtefact(store, 'k')).toEqual(reference);
  store.flips = 3;
  await expect(findArtefact(store, 'k')).rejects.toMatchObject({
    code: 'ChecksumMismatch',
    details: { key: 'k' },
  });
});

it('of an older version, whose record has no seal, is read as before', async () => {
  const store = new MemoryStore();
  const reference = await writeArtefact(store, 'k', bytes, origin);
  const text = JSON.stringify({ ...reference, ...origin });
  await store.put(recordKey('k'), new TextEncoder().encode(text));
  expect(await findArtefact(store, 'k')).toEqual(reference);
});

describe('a key', () => {
  it('never leaves its folder, whatever a video or run is called', () => {
    for (const name of ['../x', 'a/b', '', '.hidden', 'a b', 'x'.repeat(101)]) {
      expect(() => checkedName('video', name)).toThrow(/cannot name a video/);
    }
    expect(runKeys.policy('night-12', 1)).toBe('runs/night-12/iter-01/policy.safetensors');
  });
});
