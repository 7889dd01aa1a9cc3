/** What `up` starts, and what it says about a store that a power cut has damaged. */
import { mkdtempSync } from 'node:fs';
import { rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { deploymentFrom } from '../../runtime/deployment.ts';
import { up } from '../../runtime/up.ts';
import { writeArtefact } from '../../storage/artefacts.ts';
import { openStore } from '../../storage/open-store.ts';

const home = mkdtempSync(join(tmpdir(), 'echoloop-start-'));
afterAll(() => rm(home, { recursive: true, force: true }));

it('names the objects that are not what their records say, and starts all the same', async () => {
  const deployment = deploymentFrom({ ECHOLOOP_HOME: home, TEMPORAL_ADDRESS: '127.0.0.1:9' });
  const start = async () => {
    const lines: string[] = [];
    const embedded = await up({ deployment, log: (line) => lines.push(line), workers: [] });
    return { embedded, said: lines.filter((line) => /store/i.test(line)) };
  };
  const first = await start();
  expect(first.said).toEqual([]);
  const store = openStore(first.embedded.deployment);
  const origin = { inputs: [], codeVersion: 'test', mediaType: 'text/plain' };
  for (const key of ['runs/a/whole', 'runs/a/emptied'])
    await writeArtefact(store, key, Buffer.from(key), origin);
  await first.embedded.stop();
  // What a power cut leaves of a file whose bytes had not reached the disk.
  await truncate(join(home, 's3', deployment.s3.bucket, 'runs/a/emptied'));
  const second = await start();
  await second.embedded.stop();
  expect(second.said).toEqual([
    expect.stringContaining('DAMAGED in the store: runs/a/emptied'),
    expect.stringContaining('of 2 records the 2 newest were checked, 1 damaged'),
  ]);
});

it('starts as many compute workers as the deployment says, each watched over by itself', async () => {
  const deployment = deploymentFrom({
    ECHOLOOP_HOME: home,
    TEMPORAL_ADDRESS: '127.0.0.1:9',
    ECHOLOOP_COMPUTE_WORKERS: '2',
  });
  const { supervisor, stop } = await up({ deployment, log: () => undefined, workers: ['compute'] });
  const pids = ['worker-compute', 'worker-compute-2', 'worker-compute-3'].map((name) =>
    supervisor.pidOf(name),
  );
  await stop();
  expect(pids).toEqual([expect.any(Number), expect.any(Number), undefined]);
  expect(pids[0]).not.toBe(pids[1]);
});
