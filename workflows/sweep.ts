/** The stage of a run that goes over shards, as a workflow of its own. */
import {
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  setCurrentDetails,
  sleep,
} from '@temporalio/workflow';
import type { SweepInput, SweepResult, SweepTotals } from '../contracts/stages.ts';
import { counted } from '../ground/counted.ts';
import { fleetFollowing, historyBudgets } from '../temporal.config.ts';
import { endsAsCancelled } from './cancelled.ts';
import { openStage } from './child-stage.ts';
import { countComputeWorkers } from './proxies.ts';
import { goOverShards, shardCount } from './shard-work.ts';
import { type Steering, Stopped } from './steering.ts';

/** Two activities, each scheduled, started and ended, and the decisions after each of them. */
const EVENTS_OF_SHARD = 12;

export async function sweep(input: SweepInput): Promise<SweepResult> {
  return endsAsCancelled('sweep', () => sweepOn(input));
}

async function sweepOn({ task, steering: told, totals: before }: SweepInput): Promise<SweepResult> {
  const shards = shardCount(task);
  const { steering, report, mayGoOn } = openStage<SweepTotals>(told, EVENTS_OF_SHARD);

  let totals = before;
  let reported = before.done;
  const onShard = (soFar: SweepTotals): void => {
    totals = soFar;
    setCurrentDetails(
      `${soFar.done} of ${shards} shards; ${counted(soFar.quarantined, 'video')} quarantined`,
    );
    if (soFar.done - reported < shards / historyBudgets.reportsOfStage) return;
    reported = soFar.done;
    report(soFar);
  };
  const following = new CancellationScope();
  void following.run(() => followComputeWorkers(steering, () => totals.done)).catch(() => undefined);
  try {
    totals = await goOverShards(task, before, steering, onShard, mayGoOn);
  } catch (error) {
    if (error instanceof Stopped) return { ...totals, stopped: true };
    throw error;
  } finally {
    following.cancel();
  }
  if (totals.done < shards) await continueAsNew<typeof sweep>({ task, steering: steering.state, totals });
  return { ...totals, stopped: false };
}

/**
 * Lets as many shards be in flight as the compute workers need. They are counted again once a shard has ended: a sweep
 * that nobody works on leaves no events.
 */
async function followComputeWorkers(steering: Steering, done: () => number): Promise<never> {
  for (;;) {
    const before = done();
    await condition(() => steering.state.concurrency === undefined && !steering.state.paused);
    try {
      const workers = await countComputeWorkers();
      steering.allow(Math.max(1, workers) * fleetFollowing.shardsPerComputeWorker);
    } catch (error) {
      // Nobody answered; what was counted last holds on.
      if (isCancellation(error)) throw error;
    }
    await sleep(fleetFollowing.countEveryMs);
    await condition(() => done() > before);
  }
}
