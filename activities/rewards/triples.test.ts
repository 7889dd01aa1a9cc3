import { beforeEach, expect, it } from 'vitest';
import type { Plan } from '../../contracts/documents.ts';
import { writeArtefact } from '../../storage/artefacts.ts';
import type { ChunkedContent } from '../../storage/chunked-artefact.ts';
import { ChunksAtHand } from '../../storage/chunks-at-hand.ts';
import { runKeys } from '../../storage/keys.ts';
import { addTinyDatasets, type TinyWorld, tinyConfig, tinyWorld } from '../../test/orchestration/tiny-run.ts';
import { activityKeys } from '../artefacts/run-keys.ts';
import { triplesOfRun } from './stored-triples.ts';
import { findReadableTriples, findTriples, storeTriples } from './triple-artefacts.ts';
import { encodeLevelTriples, encodeTriples, type TripleChunks } from './triple-chunks.ts';

const video = { outcome: 'kept', agreement: 0.97, frames: 2, rows: 2, columns: 3 } as const;
const triples = [
  {
    segmentation: Uint8Array.from([0, 1, 2, 0, 1, 2, 2, 2, 2, 0, 0, 0]),
    correct: Uint8Array.from([1, 1, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0]),
  },
  { segmentation: new Uint8Array(12), correct: new Uint8Array(12).fill(1) },
];
const grid = { frames: 1, rows: 2, columns: 3 };
const levels = [
  {
    segmentation: Uint8Array.from([0, 1, 2, 0, 1, 2]),
    correct: Float32Array.from([1, 0.5, 0, 1, 1, 0.25]),
  },
  { segmentation: new Uint8Array(6), correct: new Float32Array(6).fill(1) },
];
/** Files as they lie in runs that were begun before landmark triples had this form. */
const storedTriples =
  'H4sIAAAAAAAA/6tWyi8tSc7PTVWyUspOLShR0lFKTC9KTc1NzStRsjLQszTXUSopyizISS1WsjLSUUorSsyFMovyyyGM5Pyc0ty8YiUr41ouFlY2BkYmNiY2BhYGFiQAAIlKhWBoAAAA';
const storedLandmarks =
  'eyJmcmFtZXMiOjEsInJvd3MiOjIsImNvbHVtbnMiOjMsInBhY2tlZCI6WzMyLDI2XX0KH4sIAAAAAAAA/2NgZGJgZPrfwPD/vwMAdEvZ6wwAAAAfiwgAAAAAAAD/Y2AAgf9gAADMis6LDAAAAA==';
const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));

const keys = activityKeys.triples('r', 1, 'v');
let world: TinyWorld;
beforeEach(() => {
  world = tinyWorld();
});

function store(content: ChunkedContent): Promise<TripleChunks> {
  return storeTriples(world.context(), keys.key, content, []);
}

async function storeOlder(file: Uint8Array): Promise<TripleChunks> {
  const origin = { inputs: [], codeVersion: 'before', mediaType: 'application/gzip' };
  await writeArtefact(world.store, keys.older, file, origin);
  return (await findTriples(world.context(), keys))!;
}

async function window(triples: TripleChunks, triple: number, startFrame: number, frames: number) {
  const hand = new ChunksAtHand(1e6);
  await hand.fetch([triples.range(triple, startFrame, frames)]);
  return triples.take(hand, triple, startFrame, frames);
}

async function all(triples: TripleChunks) {
  const whole = [];
  for (let i = 0; i < triples.count; i++) whole.push(await window(triples, i, 0, triples.grid.frames));
  return whole;
}

it('give back the segmentations and error maps that went in', async () => {
  const read = await store(encodeTriples(video, triples));
  expect(read.grid).toMatchObject({ frames: 2, rows: 2, columns: 3 });
  expect(read.labelling).toMatchObject({ outcome: 'kept', agreement: 0.97 });
  expect(await all(read)).toEqual(triples);
});

it('give any window, which costs the chunks that it is in', async () => {
  const frames = 21;
  const pixels = frames * 6;
  const segmentation = Uint8Array.from({ length: pixels }, (_, i) => (i * 7) % 3);
  const correct = Uint8Array.from({ length: pixels }, (_, i) => (i * 5) % 2);
  const right = { segmentation: correct, correct: segmentation.map((label) => label & 1) };
  const read = await store(encodeTriples({ ...video, frames }, [{ segmentation, correct }, right]));
  for (let start = 0; start + 4 <= frames; start++) {
    const part = { segmentation, correct };
    const cut = (values: Uint8Array) => values.subarray(6 * start, 6 * (start + 4));
    expect(await window(read, 0, start, 4)).toEqual({
      segmentation: cut(part.segmentation),
      correct: cut(part.correct),
    });
    expect((await window(read, 1, start, 4)).segmentation).toEqual(cut(correct));
    expect(read.range(1, start, 4).count).toBeLessThanOrEqual(2);
  }
});

it('keep the outcome of a video that gave none', async () => {
  const rejected = await store(encodeTriples({ ...video, outcome: 'rejected' }, []));
  expect(rejected.labelling).toMatchObject({ outcome: 'rejected', agreement: 0.97 });
  expect(rejected.count).toBe(0);
});

it('keep the levels of landmark triples to a part in 256', async () => {
  const read = await all(await store(encodeLevelTriples(grid, levels)));
  read.forEach(({ segmentation, correct }, index) => {
    expect(segmentation).toEqual(levels[index]!.segmentation);
    for (const [i, value] of levels[index]!.correct.entries())
      expect(Math.abs(correct[i]! - value)).toBeLessThan(1 / 510 + 1e-6);
  });
  expect(read[1]).toEqual(levels[1]);
});

it('of runs that were begun before are read, and stored in chunks', async () => {
  const older = await storeOlder(bytesOf(storedTriples));
  expect(older.labelling).toMatchObject({ outcome: 'kept', agreement: 0.97 });
  expect(await all(older)).toEqual(triples);
  expect((await findTriples(world.context(), keys))!.reference).toEqual(older.reference);
  expect(older.reference).toEqual((await store(encodeTriples(video, triples))).reference);
});

it('of landmarks of runs that were begun before are read, too', async () => {
  const older = await storeOlder(bytesOf(storedLandmarks));
  expect(older.reference).toEqual((await store(encodeLevelTriples(grid, levels))).reference);
  expect(() => older.labelling).toThrow(expect.objectContaining({ code: 'CheckpointIncompatible' }));
});

it.each([
  ['an empty file', Uint8Array.of(31, 139, 10)],
  ['a file without its triples', new TextEncoder().encode('{"frames":1}\n')],
])('of another form are refused: %s', async (_, file) => {
  await expect(storeOlder(file)).rejects.toMatchObject({ code: 'CheckpointIncompatible' });
});

it('of another form are refused: chunks that do not fit their header', async () => {
  const { header, chunks } = encodeTriples(video, triples);
  for (const content of [
    { header, chunks: chunks.slice(1) },
    { header: { ...(header as object), frames: 0 }, chunks },
    { header: { frames: 1 }, chunks },
  ]) {
    world = tinyWorld();
    await expect(store(content)).rejects.toMatchObject({ code: 'CheckpointIncompatible' });
  }
  world = tinyWorld();
  const other = await store({ header: { ...(header as object), rows: 3 }, chunks });
  await expect(window(other, 0, 0, 1)).rejects.toMatchObject({ code: 'CheckpointIncompatible' });
});

it('of a video that are damaged set it aside, and end no fit of the others', async () => {
  for (const id of ['v', 'w'])
    await storeTriples(world.context(), activityKeys.triples('r', 1, id).key, encodeTriples(video, []), []);
  await world.store.put(activityKeys.triples('r', 1, 'w').key, new Uint8Array([1]));
  const plan = { sweeps: [[['v', 'w']]], studies: {} } as unknown as Plan;
  const of = { run: 'r', throughIteration: 1, config: tinyConfig(), plan };
  expect((await triplesOfRun(of, world.context())).count).toBe(0);
  expect(await world.store.get(runKeys.quarantine('r', 'v'))).toBeUndefined();
  expect(await world.store.get(runKeys.quarantine('r', 'w'))).toBeDefined();
});

it('of a video that are gone set it aside with that reason, and one that was set aside before keeps its own', async () => {
  await storeTriples(world.context(), activityKeys.triples('r', 1, 'v').key, encodeTriples(video, []), []);
  const before = new TextEncoder().encode('{"id":"x","code":"DatasetInvalid","reason":"no frame"}');
  await world.store.put(runKeys.quarantine('r', 'x'), before);
  const plan = { sweeps: [[['v', 'w', 'x']]], studies: {} } as unknown as Plan;
  await triplesOfRun({ run: 'r', throughIteration: 1, config: tinyConfig(), plan }, world.context());
  const entry = await world.store.get(runKeys.quarantine('r', 'w'));
  expect(JSON.parse(new TextDecoder().decode(entry))).toMatchObject({
    code: 'ArtefactMissing',
    reason: expect.stringContaining(activityKeys.triples('r', 1, 'w').key),
  });
  expect(await world.store.get(runKeys.quarantine('r', 'x'))).toEqual(before);
});

it('of which a part is damaged in the middle of a fit set their video aside, and the fit goes on', async () => {
  const { target } = await addTinyDatasets(world.store);
  const config = tinyConfig();
  const context = world.context();
  for (const [agreement, id] of target.slice(0, 2).entries()) {
    const { key } = activityKeys.triples('r', 1, id);
    await storeTriples(context, key, encodeTriples({ ...video, agreement }, triples), []);
  }
  const plan = { sweeps: [[target.slice(0, 2)]], studies: {} } as unknown as Plan;
  const source = await triplesOfRun({ run: 'r', throughIteration: 1, config, plan }, context);
  const fetched = (triple: number) => source.fetch({ triple, startFrame: 0 }, 2);
  expect(await fetched(0)).toBe(true);

  const { key } = activityKeys.triples('r', 1, target[1]!);
  for await (const chunks of world.store.list(`${key}.chunks.`))
    await world.store.put(chunks.key, new Uint8Array([1]));
  expect(await fetched(2)).toBe(false);
  expect([0, 1, 2, 3].map((triple) => source.isSetAside(triple))).toEqual([false, false, true, true]);
  const entry = await world.store.get(runKeys.quarantine('r', target[1]!));
  expect(JSON.parse(new TextDecoder().decode(entry))).toMatchObject({
    id: target[1],
    code: 'ChecksumMismatch',
    reason: expect.stringContaining(key),
  });
  expect(await fetched(1)).toBe(true);
});

it.each([
  ['record', `${keys.key}.json`],
  ['index', keys.key],
])(
  'whose %s is damaged are as if they had not been made, for whoever can make them again',
  async (_, part) => {
    await store(encodeTriples(video, triples));
    await world.store.put(part, new Uint8Array([1]));
    expect(await findReadableTriples(world.context(), keys)).toBeUndefined();
    expect(await all(await store(encodeTriples(video, triples)))).toEqual(triples);
  },
);
