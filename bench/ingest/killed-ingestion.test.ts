import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deploymentFrom } from '../../runtime/deployment.ts';
import { type Embedded, startEmbedded } from '../../runtime/services/embedded.ts';
import { ingestKilled } from './killed-ingestion.ts';
import { makeRecordings } from './recordings.ts';

let home: string;
let embedded: Embedded;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'echoloop-killed-'));
  // Ingestion needs the store alone.
  const deployment = deploymentFrom({ ECHOLOOP_HOME: home, TEMPORAL_ADDRESS: '127.0.0.1:9' });
  embedded = await startEmbedded({ deployment, log: () => undefined });
});
afterAll(async () => {
  await embedded?.stop();
  await rm(home, { recursive: true, force: true });
});

it('an ingestion that is killed half-way goes on: each good file once, each broken one with its reason', {
  timeout: 300_000,
}, async () => {
  const folder = join(home, 'files');
  const made = await makeRecordings(folder, 60, 0.1);
  expect([made.good.length, made.bad.size]).toEqual([54, 6]);
  const found = await ingestKilled(embedded, folder, 'd', made);
  expect(found.problems).toEqual([]);
  expect(found.storedBeforeKill).toBeGreaterThanOrEqual(30);
  expect(found.resumed).toMatchObject({ quarantined: 6, exitCode: 0 });
});
