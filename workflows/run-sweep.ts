/** A stage of a run, or of a row of a comparison, that goes over shards. */
import { patched } from '@temporalio/workflow';
import type { SweepTask, SweepTotals } from '../contracts/stages.ts';
import { counted } from '../ground/counted.ts';
import { inChild } from './child-stage.ts';
import { goOverShards, nothingDone, shardCount } from './shard-work.ts';
import { type Steering, Stopped } from './steering.ts';
import { sweep } from './sweep.ts';

interface SweepDesk {
  readonly steering: Steering;
  /** Shows how many shards are done. */
  readonly progress: { reach(done: number): void };
}

/**
 * Goes over all shards.
 * @param onProgress called with the totals now and then
 * @returns the totals, in which every shard counts once.
 * @throws Stopped
 */
export async function runSweep(
  task: SweepTask,
  { steering, progress }: SweepDesk,
  onProgress: (totals: SweepTotals) => void = () => undefined,
): Promise<SweepTotals> {
  const show = (totals: SweepTotals): void => {
    progress.reach(totals.done);
    onProgress(totals);
  };
  // One that an older version started goes over this sweep in its own history.
  if (!patched('sweeps-in-children')) return goOverShards(task, nothingDone, steering, show);
  const shards = shardCount(task);
  if (shards === 0) return nothingDone;

  const { run } = task.refs;
  const name = `${task.work}-${partOf(task)}`;
  const stage = {
    workflow: sweep,
    name,
    summary: `${name} of ${run}: ${counted(shards, 'shard')}`,
    input: { task, totals: nothingDone },
  };
  const totals = await inChild(run, stage, steering, show);
  if (totals.stopped) throw new Stopped();
  show(totals);
  return totals;
}

/** Which of the stages of this work it is. */
function partOf(task: SweepTask): string | number {
  switch (task.work) {
    case 'label-for-row':
      return `${task.refs.row}-${task.refs.training}`;
    case 'mask-for-row':
      return task.refs.row;
    default:
      return task.iteration;
  }
}
