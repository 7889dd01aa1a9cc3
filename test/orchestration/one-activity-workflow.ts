/** A workflow of one training activity, for tests of the worker beneath it. */
import { proxyActivities } from '@temporalio/workflow';
import { activityPolicies } from '../../temporal.config.ts';

const { pretrainPolicy } = proxyActivities<{ pretrainPolicy(input: unknown): Promise<unknown> }>(
  activityPolicies.training,
);

export async function oneActivity(input: unknown): Promise<unknown> {
  return pretrainPolicy(input);
}
