/** What the store does when the way to it is bad: a real S3 server behind a proxy that spoils requests and answers. */
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { deploymentFrom } from '../../runtime/deployment.ts';
import { type Embedded, startEmbedded } from '../../runtime/services/embedded.ts';
import { findArtefact, readArtefact, recordKey, writeArtefact } from '../../storage/artefacts.ts';
import { cancelledBy } from '../../storage/cancellable-store.ts';
import { readHistory, replaceChampion } from '../../storage/champions.ts';
import { ChunkedArtefact, writeChunkedArtefact } from '../../storage/chunked-artefact.ts';
import { modelKeys } from '../../storage/keys.ts';
import { ensureBucket } from '../../storage/s3-bucket.ts';
import { S3Store } from '../../storage/s3-store.ts';
import { type FaultyProxy, faultyProxy } from './faulty-proxy.ts';

const bytes = new TextEncoder().encode('weights of a policy, such as they are');
const origin = { inputs: [], codeVersion: 'test', mediaType: 'application/octet-stream' };
const limits = { connectMs: 500, stallMs: 300, attempts: 2, connections: 64 };

describe('the store behind a bad network', () => {
  const home = mkdtempSync(join(tmpdir(), 'echoloop-faults-'));
  let embedded: Embedded;
  let proxy: FaultyProxy;
  let store: S3Store;
  let buckets = 0;

  beforeAll(async () => {
    embedded = await startEmbedded({
      // Nobody listens there, and nobody asks: the test needs no Temporal.
      deployment: deploymentFrom({ ECHOLOOP_HOME: home, TEMPORAL_ADDRESS: '127.0.0.1:9' }),
      log: () => undefined,
    });
    proxy = await faultyProxy(embedded.deployment.s3.endpoint!);
  });
  afterAll(async () => {
    await proxy?.close();
    await embedded?.stop();
    await rm(home, { recursive: true, force: true });
  });
  beforeEach(async () => {
    proxy.fault = () => undefined;
    const s3 = { ...embedded.deployment.s3, bucket: `faults-${++buckets}`, endpoint: proxy.endpoint };
    await ensureBucket(s3);
    proxy.requests.length = 0;
    store = new S3Store(s3, limits);
  });

  const firstOf =
    (method: string, key: string) => (request: { method: string; key: string; earlier: number }) =>
      request.method === method && request.key === key && request.earlier === 0;

  it('reads again what came with a byte flipped, object or record, and believes the second answer', async () => {
    const reference = await writeArtefact(store, 'flip/object', bytes, origin);
    proxy.fault = (request) => (firstOf('GET', 'flip/object')(request) ? { kind: 'flip' } : undefined);
    expect(await readArtefact(store, reference)).toEqual(bytes);

    // A digit of the record's digest becomes another digit: still a digest, but not the object's.
    const inDigest = (record: Buffer) => record.indexOf(reference.sha256);
    await writeArtefact(store, 'flip/record', bytes, origin);
    let flips = 0;
    proxy.fault = ({ method, key }) =>
      method === 'GET' && key === 'flip/record.json' && flips++ === 0
        ? { kind: 'flip', where: inDigest }
        : undefined;
    expect(await findArtefact(store, 'flip/record')).toEqual({ ...reference, key: 'flip/record' });
    expect(flips).toBe(2);
  });

  it('tells a bad object from a bad way to it', async () => {
    const reference = await writeArtefact(store, 'object', bytes, origin);
    let at = 0;
    proxy.fault = ({ key }) => (key === 'object' ? { kind: 'flip', where: () => at++ } : undefined);
    await expect(readArtefact(store, reference)).rejects.toMatchObject({
      code: 'StorageUnavailable',
      message: expect.stringContaining('3 different contents'),
    });
    proxy.fault = () => undefined;
    await store.put('object', new Uint8Array(9));
    await expect(readArtefact(store, reference)).rejects.toMatchObject({
      code: 'ChecksumMismatch',
      details: { key: 'object' },
    });
  });

  it.each([
    ['breaks off', { kind: 'truncate' }],
    ['stops coming', { kind: 'stall' }],
    ['never comes', { kind: 'silent' }],
    ['is an error of the server', { kind: 'status', status: 500 }],
    ['is late', { kind: 'slow', delayMs: 150 }],
  ] as const)('goes on when one answer %s', async (_, fault) => {
    const reference = await writeArtefact(store, `one/${fault.kind}`, bytes, origin);
    proxy.fault = (request) => (firstOf('GET', reference.key)(request) ? fault : undefined);
    expect(await readArtefact(store, reference)).toEqual(bytes);
  });

  it('gives up on a server that never answers, however many wait, and works when it answers again', async () => {
    proxy.fault = () => ({ kind: 'silent' });
    const started = Date.now();
    const waiting = Array.from({ length: 8 }, (_, i) => store.get(`silent/${i}`));
    const outcomes = await Promise.allSettled(waiting);
    expect(outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason.code)).toEqual(
      Array.from({ length: 8 }, () => 'StorageUnavailable'),
    );
    expect(Date.now() - started).toBeLessThan(5_000);
    await expect(store.put('silent/put', bytes)).rejects.toMatchObject({ code: 'StorageUnavailable' });
    proxy.fault = () => undefined;
    expect(await store.put('silent/put', bytes)).toBe('written');
  });

  it.each([
    ['before the answer', { kind: 'silent' }],
    ['within the answer', { kind: 'stall' }],
  ] as const)('ends a request at once when its activity is cancelled %s', async (_, fault) => {
    const patient = new S3Store(
      { ...embedded.deployment.s3, bucket: `faults-${buckets}`, endpoint: proxy.endpoint },
      { ...limits, stallMs: 60_000 },
    );
    await patient.put('object', bytes);
    proxy.fault = () => fault;
    const controller = new AbortController();
    const reason = new Error('the activity was cancelled');
    const reading = cancelledBy(patient, controller.signal).get('object');
    setTimeout(() => controller.abort(reason), 100);
    const started = Date.now();
    await expect(reading).rejects.toBe(reason);
    expect(Date.now() - started).toBeLessThan(2_000);
  });

  it('keeps the history of a champion whose answers were lost', async () => {
    proxy.fault = ({ method, key }) =>
      method === 'PUT' && key === modelKeys.champion('m') ? { kind: 'lose-answer' } : undefined;
    const policy = { key: 'policy', sha256: '0'.repeat(64), bytes: 1 };
    const promote = (run: string) => replaceChampion(store, 'm', () => ({ policy, run, reason: 'test' }));
    await expect(promote('first')).rejects.toMatchObject({ code: 'StorageUnavailable' });
    let lost = 0;
    proxy.fault = ({ method, key }) =>
      method === 'PUT' && key === modelKeys.champion('m') && lost++ === 0
        ? { kind: 'lose-answer' }
        : undefined;
    expect(await promote('second')).toMatchObject({ run: 'second', previous: 1 });
    expect((await readHistory(store, 'm')).map(({ run }) => run)).toEqual(['first', 'second']);
  });

  it('gives one artefact, whole, to many writers with other bytes at once', async () => {
    const writers = Array.from({ length: 8 }, (_, i) =>
      writeArtefact(store, 'many/writers', new Uint8Array(100).fill(i), origin),
    );
    const outcomes = await Promise.allSettled(writers);
    const reference = (await findArtefact(store, 'many/writers'))!;
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await readArtefact(store, reference)).length).toBe(100);
  });

  it('reads a window of chunks, and again when part of it came damaged', async () => {
    const chunks = Array.from({ length: 8 }, (_, i) => new Uint8Array(1000).fill(i));
    const reference = await writeChunkedArtefact(store, 'chunks', { header: null, chunks }, origin);
    const artefact = await ChunkedArtefact.open(store, reference);
    let flips = 0;
    proxy.fault = () => (flips++ === 0 ? { kind: 'flip' } : undefined);
    proxy.answeredBytes = 0;
    expect(await artefact.read(2, 3)).toEqual(chunks.slice(2, 5));
    expect(proxy.answeredBytes).toBe(2 * 3000);
  });

  it('sends a write again that met another one, as nobody knows yet which of them holds', async () => {
    proxy.fault = ({ method, earlier }) =>
      method === 'PUT' && earlier === 0 ? { kind: 'status', status: 409 } : undefined;
    expect(await store.put('conflict', bytes, { ifNoneMatch: true })).toBe('written');
    expect(await store.get('conflict')).toEqual(bytes);
    const reference = await writeArtefact(store, 'conflict-artefact', bytes, origin);
    expect(await findArtefact(store, 'conflict-artefact')).toEqual(reference);
    proxy.fault = () => ({ kind: 'status', status: 409 });
    await expect(store.put('conflict-ever', bytes, { ifNoneMatch: true })).rejects.toMatchObject({
      code: 'StorageUnavailable',
    });
  });

  it('completes an artefact whose every write was done and whose every answer was lost', async () => {
    proxy.fault = ({ method, earlier }) =>
      method === 'PUT' && earlier === 0 ? { kind: 'lose-answer' } : undefined;
    const reference = await writeArtefact(store, 'lost/answer', bytes, origin);
    proxy.fault = () => undefined;
    expect(await readArtefact(store, reference)).toEqual(bytes);
    expect(await store.head(recordKey('lost/answer'))).toBeDefined();
  });
});
