/** A stage of a run that goes over shards: in a child workflow, which is steered as the run is. */
import { ParentClosePolicy, patched, setHandler, startChild, workflowInfo } from '@temporalio/workflow';
import type { SweepResult, SweepTask, SweepTotals } from '../contracts/sweeps.ts';
import type { RunDesk } from './run-desk.ts';
import { goOverShards, nothingDone, shardCount } from './shard-work.ts';
import { Stopped } from './steering.ts';
import { reportSignal, steerSignal, sweep } from './sweep.ts';

/**
 * Goes over all shards.
 * @param onProgress called with the totals now and then
 * @returns the totals, in which every shard counts once.
 * @throws Stopped
 */
export async function runSweep(
  task: SweepTask,
  { steering, progress }: RunDesk,
  onProgress: (totals: SweepTotals) => void = () => undefined,
): Promise<SweepTotals> {
  const show = (totals: SweepTotals): void => {
    progress.reach(totals.done);
    onProgress(totals);
  };
  // A run that an older version started goes over this sweep in its own history.
  if (!patched('sweeps-in-children')) return goOverShards(task, nothingDone, steering, show);
  if (shardCount(task) === 0) return nothingDone;

  const totals = await inChild(task, steering, show);
  if (totals.stopped) throw new Stopped();
  show(totals);
  return totals;
}

async function inChild(
  task: SweepTask,
  steering: RunDesk['steering'],
  show: (totals: SweepTotals) => void,
): Promise<SweepResult> {
  const { refs, work, iteration } = task;
  const told = steering.state;
  // A run that was terminated and begun again meets its former sweeps while they end.
  const workflowId = `${refs.run}/${work}-${iteration}/${workflowInfo().runId.slice(0, 8)}`;
  setHandler(reportSignal, (report) => {
    if (report.sweep !== workflowId) return;
    steering.allow(report.concurrency);
    show(report);
  });
  const child = await startChild(sweep, {
    workflowId,
    args: [{ task, steering: told, totals: nothingDone }],
    parentClosePolicy: ParentClosePolicy.TERMINATE,
    staticSummary: `${work} ${shardCount(task)} shards of ${refs.run}, iteration ${iteration}`,
  });
  const tell = (): void => {
    // A sweep that has just ended needs no orders.
    child.signal(steerSignal, steering.state).catch(() => undefined);
  };
  if (steering.state !== told) tell();
  const untie = steering.onChange(tell);
  try {
    return await child.result();
  } finally {
    untie();
  }
}
