/** A stage of a run that goes over shards. */
import { patched } from '@temporalio/workflow';
import type { SweepTask, SweepTotals } from '../contracts/stages.ts';
import { inChild } from './child-stage.ts';
import type { RunDesk } from './run-desk.ts';
import { goOverShards, nothingDone, shardCount } from './shard-work.ts';
import { Stopped } from './steering.ts';
import { sweep } from './sweep.ts';

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
  const shards = shardCount(task);
  if (shards === 0) return nothingDone;

  const { refs, work, iteration } = task;
  const stage = {
    workflow: sweep,
    name: `${work}-${iteration}`,
    summary: `${work} ${shards} shards of ${refs.run}, iteration ${iteration}`,
    input: { task, totals: nothingDone },
  };
  const totals = await inChild(refs.run, stage, steering, show);
  if (totals.stopped) throw new Stopped();
  show(totals);
  return totals;
}
