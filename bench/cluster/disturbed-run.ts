/** A run on a cluster, from its start to its end, and what happens to the cluster meanwhile. */
import { setTimeout as sleep } from 'node:timers/promises';
import { runResult, startAdaptation } from '../../app/runs/adaptation-client.ts';
import { RunFailed } from '../../app/runs/run-failed.ts';
import type { AdaptationResult } from '../../contracts/messages.ts';
import type { RunConfig } from '../../contracts/run-config.ts';
import type { RandomStream } from '../../ground/random.ts';
import type { Cluster } from './cluster.ts';
import type { Fault, FaultKind } from './faults.ts';

const LOOK_EVERY_MS = 500;
const ANSWER_MS = 2000;
const RESULT_ATTEMPTS = 20;

export interface HappenedFault {
  readonly run: string;
  readonly kind: string;
  /** Since the run began. */
  readonly seconds: number;
}

export interface Disturbance {
  /** What happens before anything is drawn, in this order. */
  readonly first?: readonly FaultKind[];
  /** What may happen then, each kind as likely as another. */
  readonly kinds: readonly FaultKind[];
  readonly random: RandomStream;
  /** From the beginning of one fault to that of the next, at least. */
  readonly everyMs: number;
}

export interface RunOptions {
  readonly disturbance?: Disturbance;
  readonly patienceMs: number;
  readonly log: (line: string) => void;
}

export interface EndedRun {
  /** Nothing when it failed. */
  readonly result: AdaptationResult | undefined;
  /** Why it failed. */
  readonly failure: string | undefined;
  readonly seconds: number;
  readonly faults: readonly HappenedFault[];
}

/**
 * Starts a run and waits until it has ended by itself.
 * @throws Error when it has not ended within `patienceMs`
 */
export async function runOn(
  cluster: Cluster,
  run: string,
  config: RunConfig,
  { disturbance, patienceMs, log }: RunOptions,
): Promise<EndedRun> {
  const started = performance.now();
  const elapsedMs = (): number => performance.now() - started;
  await startAdaptation(cluster.client, { run, config });
  const over = new AbortController();
  const faults: HappenedFault[] = [];
  const disturbed = disturbance
    ? disturb(disturbance, over.signal, ({ kind }) => {
        const seconds = elapsedMs() / 1000;
        faults.push({ run, kind, seconds });
        log(`${run}, ${seconds.toFixed(0)} s: ${kind}`);
      })
    : Promise.resolve();
  try {
    while (await isRunning(cluster, run)) {
      if (elapsedMs() > patienceMs) {
        throw new Error(`The run ${run} has not ended within ${patienceMs / 1000} s; ${happened(faults)}`);
      }
      await sleep(LOOK_EVERY_MS);
    }
  } finally {
    over.abort();
    await disturbed;
  }
  return { ...(await resultOf(cluster, run)), seconds: elapsedMs() / 1000, faults };
}

/** Asked again while the server is not back from the last fault. */
async function resultOf({ client }: Cluster, run: string): Promise<Pick<EndedRun, 'result' | 'failure'>> {
  for (let attempt = 1; ; attempt++) {
    try {
      return { result: await runResult(client, run), failure: undefined };
    } catch (error) {
      if (error instanceof RunFailed) return { result: undefined, failure: error.message };
      if (attempt === RESULT_ATTEMPTS) throw error;
      await sleep(ANSWER_MS);
    }
  }
}

/** Lets one fault after the other happen until told to end; the last one is over then. */
async function disturb(
  { first = [], kinds, random, everyMs }: Disturbance,
  signal: AbortSignal,
  onFault: (fault: Fault) => void,
): Promise<void> {
  const pause = (ms: number) => sleep(ms, undefined, { signal }).catch(() => undefined);
  const planned = [...first];
  await pause(everyMs / 2);
  while (!signal.aborted) {
    const kind = planned.shift() ?? kinds[random.integer(kinds.length)]!;
    const fault = kind(random);
    onFault(fault);
    await fault.begin();
    await pause(fault.lastsMs);
    await fault.end();
    await pause(Math.max(0, everyMs - fault.lastsMs));
  }
}

/** True too while the server does not answer. */
async function isRunning({ client }: Cluster, run: string): Promise<boolean> {
  try {
    const { status } = await client.withDeadline(Date.now() + ANSWER_MS, () =>
      client.workflow.getHandle(run).describe(),
    );
    return status.name === 'RUNNING' || status.name === 'CONTINUED_AS_NEW';
  } catch {
    return true;
  }
}

function happened(faults: readonly HappenedFault[]): string {
  return faults.map(({ kind, seconds }) => `${seconds.toFixed(0)} s: ${kind}`).join('; ');
}
