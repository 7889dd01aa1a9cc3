/** A run that is under way, as `status` and `watch` see it. */
import type { ComparisonProgress } from '../../contracts/comparison.ts';
import type { Progress } from '../../contracts/messages.ts';
import type { RunState } from './adaptation-client.ts';

const progress: Progress = {
  run: 'r',
  stage: 'predicting',
  state: 'running',
  iteration: 1,
  iterations: 2,
  done: 2,
  total: 8,
  unit: 'shards',
  startedAt: '2026-01-01T00:00:00Z',
  stageStartedAt: '2026-01-01T00:00:00Z',
  quarantined: 0,
  concurrency: 2,
};

export function state(changes: Partial<Progress>, activities: RunState['activities'] = []): RunState {
  return {
    run: 'r',
    kind: 'adaptation',
    status: 'RUNNING',
    startedAt: progress.startedAt,
    progress: { ...progress, ...changes },
    activities,
  };
}

/** The same of a comparison. */
export function comparisonState(
  changes: Partial<ComparisonProgress>,
  activities: RunState['activities'] = [],
): RunState {
  const { startedAt } = progress;
  const comparison: ComparisonProgress = {
    run: 'table',
    state: 'running',
    row: 'unet3d',
    rowsDone: 1,
    rows: 4,
    stage: 'training',
    done: 0,
    total: 1,
    startedAt,
    ...changes,
  };
  return { run: 'table', kind: 'comparison', status: 'RUNNING', startedAt, comparison, activities };
}

/** The activity of a training that has come to the step. */
export const training = (step: number) => [
  { name: 'fineTunePolicy', attempt: 1, heartbeat: { step, total: 96, loss: 0.5, reward: 0.81 } },
];
