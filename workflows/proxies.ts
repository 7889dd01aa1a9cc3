/** The activities as workflow code calls them, each with the queue, the timeouts and the retry rule of its kind. */
import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { ComputeActivities, IoActivities } from '../contracts/activities.ts';
import type { FleetActivities } from '../contracts/stages.ts';
import { taskQueues } from '../contracts/task-queues.ts';
import { activityPolicies } from '../temporal.config.ts';

// A cancelled activity is waited for: what it was doing has stopped, and its checkpoint is written, before the
// workflow goes on.
const cancellationType = ActivityCancellationType.WAIT_CANCELLATION_COMPLETED;

export const {
  planRun,
  concludeRounds,
  scoreShard,
  summariseEvaluation,
  selectBest,
  promote,
  readChampion,
  writeReport,
  scoreSystem,
  writeComparison,
} = proxyActivities<IoActivities>({ ...activityPolicies.io, taskQueue: taskQueues.io, cancellationType });

/** Nobody waits for its answer. */
export const { countComputeWorkers } = proxyActivities<FleetActivities>({
  ...activityPolicies.look,
  taskQueue: taskQueues.io,
  cancellationType: ActivityCancellationType.TRY_CANCEL,
});

type Inference =
  | 'predictShard'
  | 'labelShard'
  | 'ratePolicy'
  | 'planComparison'
  | 'labelForSystem'
  | 'predictForSystem';

export const { predictShard, labelShard, ratePolicy, planComparison, labelForSystem, predictForSystem } =
  proxyActivities<Pick<ComputeActivities, Inference>>({
    ...activityPolicies.inference,
    taskQueue: taskQueues.compute,
    cancellationType,
  });

export const {
  pretrainPolicy,
  fitShapeAutoencoder,
  fitLinearShapes,
  fitLandmarkReward,
  fitRewardNetwork,
  fineTunePolicy,
  trainLocally,
  mergeRound,
  trainSystem,
} = proxyActivities<Omit<ComputeActivities, Inference>>({
  ...activityPolicies.training,
  taskQueue: taskQueues.compute,
  cancellationType,
});
