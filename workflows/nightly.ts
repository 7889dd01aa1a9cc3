/**
 * One night of a schedule: adapt the model's champion to what the dataset holds now, and let the result pass the
 * gate.
 */
import { ApplicationFailure, executeChild, ParentClosePolicy, workflowInfo } from '@temporalio/workflow';
import type { NightlyInput, NightlyResult } from '../contracts/messages.ts';
import { nightlyRun } from '../contracts/names.ts';
import { priorities, priorityOf } from '../contracts/task-queues.ts';
import { workflowPolicy } from '../temporal.config.ts';
import { adaptation } from './adaptation.ts';
import { readChampion } from './proxies.ts';

export async function nightly(input: NightlyInput): Promise<NightlyResult> {
  const { policy } = await readChampion({ model: input.model });
  const run = nightlyRun(input.model, scheduledTime());
  const result = await executeChild(adaptation, {
    ...workflowPolicy,
    workflowId: run,
    args: [
      {
        run,
        config: policy ? { ...input.config, initialPolicy: policy.key } : input.config,
        model: input.model,
      },
    ],
    // A night that is cancelled cancels its adaptation; one that is terminated lets it write its checkpoints.
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    priority: priorityOf(run, priorities.night),
    staticSummary: `Nightly adaptation of ${input.model} to ${input.config.target}`,
  });
  if (!result.promotion) {
    throw ApplicationFailure.nonRetryable(
      `Run ${run} ended without passing its policy through the gate.`,
      'ConfigInvalid',
    );
  }
  return { run, promotion: result.promotion };
}

/** When the schedule meant this night to start; a night that was started by hand has its own start time. */
function scheduledTime(): Date {
  const { searchAttributes, startTime } = workflowInfo();
  const scheduled = searchAttributes.TemporalScheduledStartTime?.[0];
  return scheduled instanceof Date ? scheduled : startTime;
}
