import { expect, it } from 'vitest';
import { DomainError } from '../../ground/errors.ts';
import { readArtefact, writeArtefact } from '../../storage/artefacts.ts';
import { datasetKeys, runKeys, videoOf } from '../../storage/keys.ts';
import { LocalCache } from '../../storage/local-cache.ts';
import { MemoryStore } from '../../storage/memory-store.ts';
import { activityKeys } from '../artefacts/run-keys.ts';
import type { ActivityContext } from '../context.ts';
import { tryVideo } from './quarantine.ts';

const origin = { inputs: [], codeVersion: 'test', mediaType: 'application/octet-stream' };

function contextOf(store: MemoryStore): ActivityContext {
  return {
    store,
    cache: new LocalCache(store, '/nonexistent', 0),
    log: { info: () => undefined, warn: () => undefined },
    codeVersion: 'test',
    signal: new AbortController().signal,
    heartbeat: () => undefined,
  };
}

it.each([
  ['its video', datasetKeys.video('clinic', 'v1'), true],
  ['its labels', datasetKeys.labels('clinic', 'v1'), true],
  ['its prediction', runKeys.prediction('r', 1, 'target', 'v1'), true],
  ['its triples', activityKeys.triples('r', 1, 'v1').key, true],
  ['its landmark triples', activityKeys.landmarkTriples('r', 'v1').key, true],
  ['the policy', runKeys.policy('r', 1), false],
  ['the plan', runKeys.plan('r'), false],
  ['the configuration', runKeys.config('r'), false],
  ['a reward network', runKeys.anatomicalReward('r', 1), false],
  ['another video', datasetKeys.video('clinic', 'v2'), false],
])('knows whose fault it is when %s is damaged', async (_, key, isTheVideos) => {
  const store = new MemoryStore();
  const reference = await writeArtefact(store, key, new Uint8Array([1, 2, 3]), origin);
  await store.put(key, new Uint8Array([1, 2, 4]));
  const tried = tryVideo(contextOf(store), 'r', 'v1', () => readArtefact(store, reference));
  if (isTheVideos) expect(await tried).toEqual({ quarantined: true });
  else await expect(tried).rejects.toMatchObject({ code: 'ChecksumMismatch', details: { key } });
  expect((await store.head(runKeys.quarantine('r', 'v1'))) !== undefined).toBe(isTheVideos);
});

it('sets a video aside whose file cannot be used, and no video for a fault of the host', async () => {
  const store = new MemoryStore();
  const failing = (code: 'FormatUnsupported' | 'DiskFull') => async () => {
    throw new DomainError(code, 'no');
  };
  expect(await tryVideo(contextOf(store), 'r', 'v1', failing('FormatUnsupported'))).toEqual({
    quarantined: true,
  });
  await expect(tryVideo(contextOf(store), 'r', 'v2', failing('DiskFull'))).rejects.toThrow('no');
});

it('takes no record for a video', () => {
  expect(videoOf(`${datasetKeys.video('clinic', 'v1')}.json`)).toBeUndefined();
});
