/** A tensor process without tensors: its activities count steps in a file, wait, fail or block, as a test asks. */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { DomainError } from '../../ground/errors.ts';
import { LocalCache } from '../../storage/local-cache.ts';
import { MemoryStore } from '../../storage/memory-store.ts';
import type { Activity } from '../../workers/checked-input.ts';
import { serveCompute } from '../../workers/serve-compute.ts';

/** Ten steps of 50 ms, each remembered in `file`, so that a new attempt goes on after the last one. */
const pretrainPolicy: Activity = async (input: { file: string; stepMs?: number }, { heartbeat, signal }) => {
  const { file, stepMs = 50 } = input;
  let step = existsSync(file) ? readFileSync(file, 'utf8').length : 0;
  for (; step < 10; step++) {
    appendFileSync(file, String(step));
    heartbeat({ step: step + 1, total: 10 });
    await wait(stepMs);
    if (signal.aborted) {
      writeFileSync(`${file}.cancelled`, String(step));
      throw signal.reason;
    }
  }
  return { steps: step, pid: process.pid };
};

const fineTunePolicy: Activity = async ({ code }: { code?: 'Diverged' | 'StorageUnavailable' }) => {
  if (code) throw new DomainError(code, 'as the test asked', { step: 3 });
  throw new TypeError('a defect');
};

/** Never lets the thread go, as a native call does. */
const predictShard: Activity = async () => {
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
};

/** Reads ten videos for 100 ms each before its one step. */
const labelShard: Activity = async (_: never, { heartbeat }) => {
  for (let done = 1; done <= 10; done++) {
    await wait(100);
    heartbeat({ step: 0, total: 0, preparing: { done, total: 10 } });
  }
  return 'labelled';
};

/** Prepares three videos, then hangs. */
const fitRewardNetwork: Activity = async (input: never, context) => {
  context.heartbeat({ step: 0, total: 0, preparing: { done: 3, total: 9 } });
  await wait(50);
  return predictShard(input, context);
};

serveCompute(async (deployment) => {
  if (deployment === 'broken') throw new DomainError('BackendMissing', 'no tensors here');
  const store = new MemoryStore();
  const log = { info: () => undefined, warn: () => undefined };
  return {
    activities: { pretrainPolicy, fineTunePolicy, predictShard, labelShard, fitRewardNetwork },
    services: { store, cache: new LocalCache(store, '/nonexistent', 0), codeVersion: 'test', log },
    backend: 'none',
    threads: 1,
  };
});
