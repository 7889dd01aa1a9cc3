/**
 * A sweep over shards in a workflow of its own, so that the history of a run stays short however many videos it has.
 * Before its own history grows long it continues as new, with what it has counted. It does as the run that started it
 * is told (`steer`), and reports to that.
 */
import {
  CancellationScope,
  condition,
  continueAsNew,
  defineSignal,
  getExternalWorkflowHandle,
  isCancellation,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { SteeringState } from '../contracts/messages.ts';
import { sweepSignals } from '../contracts/names.ts';
import type { SweepInput, SweepReport, SweepResult, SweepTotals } from '../contracts/sweeps.ts';
import { fleetFollowing, historyBudgets } from '../temporal.config.ts';
import { endsAsCancelled } from './cancelled.ts';
import { countComputeWorkers } from './proxies.ts';
import { goOverShards, shardCount } from './shard-work.ts';
import { openSteering, type Steering, Stopped } from './steering.ts';

/** To a sweep: how its run is steered from now on. */
export const steerSignal = defineSignal<[SteeringState]>(sweepSignals.steer);
/** From a sweep: how far it is, about a hundred times. */
export const reportSignal = defineSignal<[SweepReport]>(sweepSignals.report);

export async function sweep(input: SweepInput): Promise<SweepResult> {
  return endsAsCancelled('sweep', () => sweepOn(input));
}

async function sweepOn({ task, steering: told, totals: before }: SweepInput): Promise<SweepResult> {
  const shards = shardCount(task);
  const steering = openSteering(told);
  setHandler(steerSignal, steering.obey);

  let totals = before;
  let reported = before.done;
  const onShard = (soFar: SweepTotals): void => {
    totals = soFar;
    setCurrentDetails(`${soFar.done} of ${shards} shards; ${soFar.quarantined} videos quarantined`);
    if (soFar.done - reported < shards / historyBudgets.reportsOfSweep) return;
    reported = soFar.done;
    report({ ...soFar, concurrency: steering.concurrency() });
  };
  const following = new CancellationScope();
  void following.run(() => followComputeWorkers(steering, () => totals.done)).catch(() => undefined);
  const historyIsShort = (): boolean => workflowInfo().historyLength < historyBudgets.eventsOfSweep;
  try {
    totals = await goOverShards(task, before, steering, onShard, historyIsShort);
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

/** For display: what counts is the result. */
function report(totals: Omit<SweepReport, 'sweep'>): void {
  const { parent, workflowId } = workflowInfo();
  if (!parent) return;
  getExternalWorkflowHandle(parent.workflowId)
    .signal(reportSignal, { ...totals, sweep: workflowId })
    .catch(() => undefined);
}
