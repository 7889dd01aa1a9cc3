import { expect, it } from 'vitest';
import type { RunInput } from '../contracts/training-activities.ts';
import { generatePhantom } from '../datasets/phantom/phantom.ts';
import { scoreVideo } from '../metrics/score-video.ts';
import { runKeys } from '../storage/keys.ts';
import { LocalCache } from '../storage/local-cache.ts';
import { MemoryStore } from '../storage/memory-store.ts';
import { storeLimits } from '../temporal.config.ts';
import { tinyConfig, tinyWorld } from '../test/orchestration/tiny-run.ts';
import { findJson, writeJson } from './artefacts/json-artefact.ts';
import { activityKeys } from './artefacts/run-keys.ts';
import type { ActivityContext } from './context.ts';
import { EvaluationSchema } from './evaluation/documents.ts';
import { summariseEvaluation } from './summarise-evaluation.ts';

const SHARDS = 60;

/** A store whose every read takes a while. */
class DistantStore extends MemoryStore {
  mostAtOnce = 0;
  #reading = 0;

  override async get(key: string): Promise<Uint8Array | undefined> {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#reading);
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#reading--;
    return super.get(key);
  }
}

/** One scored video in each shard but the last, which was never scored. */
async function evaluated(context: ActivityContext): Promise<RunInput> {
  const ids = Array.from({ length: SHARDS }, (_, i) => `v${i}`);
  const plan = {
    source: { train: [], validation: [], studies: {} },
    sweeps: [],
    validation: ids.map((id) => [id]),
    test: [],
    studies: {},
  };
  const refs = {
    run: 'r',
    config: await writeJson(context, runKeys.config('r'), tinyConfig(), []),
    plan: await writeJson(context, runKeys.plan('r'), plan, []),
  };
  const { labels } = generatePhantom({ domain: 'source', seed: 1, index: 0 });
  const short = { ...labels, frames: 2, labels: labels.labels.slice(0, 2 * labels.rows * labels.columns) };
  const score = scoreVideo('v', short, undefined);
  for (const [shard, id] of ids.slice(0, -1).entries()) {
    const key = activityKeys.scores({ ...refs, iteration: 1, split: 'validation', shard });
    await writeJson(context, key, { scores: [{ ...score, id }], quarantined: 0 }, []);
  }
  return refs;
}

it('reads the scores of many shards at once, in bounds, in their order, and says how far it is', async () => {
  const store = new DistantStore();
  const beats: number[] = [];
  const context: ActivityContext = {
    ...tinyWorld().context(),
    store,
    cache: new LocalCache(store, '/nonexistent', 0),
    heartbeat: ({ step }) => beats.push(step),
  };
  const refs = await evaluated(context);
  store.mostAtOnce = 0;
  const result = await summariseEvaluation({ ...refs, iteration: 1 }, context);
  expect(result.validation?.videos).toBe(SHARDS - 1);
  expect(store.mostAtOnce).toBe(storeLimits.readsAtOnce);
  expect(beats).toEqual(Array.from({ length: SHARDS }, (_, i) => i + 1));
  const stored = await findJson(context, runKeys.evaluation('r', 1), EvaluationSchema);
  expect(stored?.value.validation?.videos.map(({ id }) => id)).toEqual(
    Array.from({ length: SHARDS - 1 }, (_, i) => `v${i}`),
  );
});

it('stops when it is cancelled', async () => {
  const controller = new AbortController();
  const { heartbeat, ...rest } = tinyWorld().context(controller.signal);
  const stop = new Error('stop');
  let beats = 0;
  const context: ActivityContext = {
    ...rest,
    heartbeat: (details) => {
      if (++beats === 5) controller.abort(stop);
      heartbeat(details);
    },
  };
  const refs = await evaluated(context);
  await expect(summariseEvaluation({ ...refs, iteration: 1 }, context)).rejects.toBe(stop);
  expect(beats).toBeLessThan(5 + storeLimits.readsAtOnce + 1);
});
