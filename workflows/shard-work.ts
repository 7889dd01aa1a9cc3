/** What a sweep does for each shard, and how its results add up. */
import type { ShardInput } from '../contracts/activities.ts';
import type { LabelCounts } from '../contracts/messages.ts';
import type { RowSweepTask, RunSweepTask, SweepTask, SweepTotals } from '../contracts/stages.ts';
import { addLabels, noLabels } from '../decisions/label-counts.ts';
import * as activities from './proxies.ts';
import { sideBySide } from './side-by-side.ts';
import type { Steering } from './steering.ts';

export const nothingDone: SweepTotals = { done: 0, quarantined: 0, labels: noLabels };

export const shardCount = ({ shards }: SweepTask): number =>
  shards.reduce((sum, { count }) => sum + count, 0);

/**
 * Goes over the shards that are not done, as many at once as the steering allows.
 * @param onShard called after each with the totals so far, in which every one counts
 * @param mayStart once it says false, no further shard is started
 * @returns the totals; `done` is less than all shards only when `mayStart` said so.
 * @throws Stopped
 */
export async function goOverShards(
  task: SweepTask,
  before: SweepTotals,
  steering: Steering,
  onShard: (totals: SweepTotals) => void,
  mayStart?: (inFlight: number) => boolean,
): Promise<SweepTotals> {
  const shards = task.shards.flatMap(({ split, count }) =>
    Array.from({ length: count }, (_, shard) => ({ split, shard })),
  );
  let totals = before;
  const window = {
    from: before.done,
    to: shards.length,
    concurrency: steering.concurrency,
    ...(mayStart && { mayStart }),
  };
  await sideBySide(window, async (index) => {
    const { quarantined, counts = noLabels, scored } = await workOn(task, shards[index]!, steering);
    // Added after every await: otherwise to what the totals were before the others in flight ended.
    totals = {
      done: totals.done + 1,
      quarantined: totals.quarantined + quarantined,
      labels: addLabels(totals.labels, counts),
      ...(scored !== undefined && { scored: (totals.scored ?? 0) + scored }),
    };
    onShard(totals);
  });
  return totals;
}

interface WorkedShard {
  readonly quarantined: number;
  readonly counts?: LabelCounts;
  readonly scored?: number;
}

function workOn(
  task: SweepTask,
  shard: Pick<ShardInput, 'split' | 'shard'>,
  steering: Steering,
): Promise<WorkedShard> {
  return task.work === 'label-for-row' || task.work === 'mask-for-row'
    ? workForRow(task, shard.shard, steering)
    : workForRun(task, shard, steering);
}

/** Each activity by itself may be interrupted and called again. */
async function workForRun(
  { refs, iteration, work, policy, autoencoder }: RunSweepTask,
  shard: Pick<ShardInput, 'split' | 'shard'>,
  { interruptible }: Steering,
): Promise<WorkedShard> {
  const input = { ...refs, iteration, ...shard };
  switch (work) {
    case 'predict':
      return interruptible(() => activities.predictShard({ ...input, policy }));
    case 'label':
      return interruptible(() =>
        activities.labelShard({ ...input, policy, ...(autoencoder && { autoencoder }) }),
      );
    case 'evaluate': {
      const predicted = await interruptible(() => activities.predictShard({ ...input, policy }));
      const scored = await interruptible(() => activities.scoreShard(input));
      return { quarantined: predicted.quarantined + scored.quarantined };
    }
  }
}

async function workForRow(
  task: RowSweepTask,
  shard: number,
  { interruptible }: Steering,
): Promise<WorkedShard> {
  if (task.work === 'label-for-row') {
    const { quarantined } = await interruptible(() => activities.labelForSystem({ ...task.refs, shard }));
    return { quarantined };
  }
  const { run, config, plan, rows, row } = task.refs;
  await interruptible(() => activities.predictForSystem({ ...task.refs, shard }));
  const { done } = await interruptible(() => activities.scoreSystem({ run, config, plan, rows, row, shard }));
  // Videos without a mask are those that were not scored; they are no fault of the test set.
  return { quarantined: 0, scored: done };
}
