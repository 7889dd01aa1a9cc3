/** The comparison of one seed, by the product itself on services of its own, whose data stay when it is killed. */
import { join } from 'node:path';
import { compare, fetchComparison } from '../../app/comparison/compare.ts';
import { followComparison } from '../../app/comparison/comparison-client.ts';
import type { RequestedRow } from '../../app/comparison/row-specs.ts';
import { connectTo } from '../../app/connections.ts';
import { thisHost, workersThatGain } from '../../app/quickstart/compute-workers.ts';
import type { ComparisonConfig } from '../../contracts/comparison.ts';
import type { RunConfig } from '../../contracts/run-config.ts';
import { deploymentFrom } from '../../runtime/deployment.ts';
import { up } from '../../runtime/up.ts';
import type { SeedPlace } from './datasets.ts';
import { type KeptComparison, keep, readKept } from './kept.ts';

export interface SeedTask {
  readonly seed: number;
  readonly folder: string;
  /** Stores the datasets and says what is run on them; called again when a comparison goes on. */
  readonly prepare: (place: SeedPlace) => Promise<RunConfig>;
  readonly rows: (config: RunConfig) => Promise<readonly RequestedRow[]>;
  readonly minutes: NonNullable<ComparisonConfig['minutes']>;
  readonly pictures: number;
  readonly log: (line: string) => void;
}

/** Goes on with what an earlier call left, also one that was killed; one that had ended is only read. */
export async function compareSeed(task: SeedTask): Promise<KeptComparison> {
  const { seed, folder, log } = task;
  const before = readKept(folder);
  if (before) return before;
  const own = deploymentFrom({ ECHOLOOP_HOME: join(folder, 'home') });
  const services = await up({ deployment: { ...own, computeWorkers: workersThatGain(thisHost(own)) }, log });
  const end = () => void services.stop().finally(() => process.exit(1));
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.once(signal, end);
  try {
    return await connectTo(services.deployment, async ({ client, store }) => {
      const config = await task.prepare({ seed, store, folder });
      const rows = await task.rows(config);
      const { minutes, pictures } = task;
      const asked = { config, rows, run: `comparison-${seed}`, minutes, pictures };
      const run = await compare({ client, store }, asked, log);
      const result = await followComparison(client, run, stageLog(seed, log));
      await fetchComparison(store, result, folder);
      return keep(store, result, folder);
    });
  } finally {
    for (const signal of signals) process.off(signal, end);
    await services.stop();
  }
}

/** A line for every stage. */
function stageLog(seed: number, log: (line: string) => void): Parameters<typeof followComparison>[2] {
  const started = performance.now();
  let last = '';
  return ({ row, rowsDone, rows, stage }) => {
    const line = `${rowsDone} of ${rows} rows done; ${stage} ${row}`;
    if (line === last) return;
    last = line;
    log(`seed ${seed}, ${((performance.now() - started) / 60_000).toFixed(1)} min: ${line}`);
  };
}
