/** A workflow of one training activity, for tests of the worker beneath it. */
import { proxyActivities } from '@temporalio/workflow';
import { activityPolicies } from '../../temporal.config.ts';

interface Activities {
  pretrainPolicy(input: unknown): Promise<unknown>;
}

/** @param taskQueue of the activity; that of the workflow when left out */
export async function oneActivity(input: unknown, taskQueue?: string): Promise<unknown> {
  const { pretrainPolicy } = proxyActivities<Activities>({
    ...activityPolicies.training,
    ...(taskQueue !== undefined && { taskQueue }),
  });
  return pretrainPolicy(input);
}
