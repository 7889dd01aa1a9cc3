/** Steers the workflows that people start: pause, resume, stop, how many shards at once, cancel. */
import {
  type Client,
  ServiceError,
  type WorkflowHandle,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { ComparisonInputSchema } from '../../contracts/comparison.ts';
import { AdaptationInputSchema } from '../../contracts/messages.ts';
import { steeringNames, workflowTypes } from '../../contracts/names.ts';
import { priorities, priorityOf, taskQueues } from '../../contracts/task-queues.ts';
import { DomainError } from '../../ground/errors.ts';
import { clientLimits, workflowPolicy } from '../../temporal.config.ts';
import { isServersOwn } from '../temporal-problem.ts';
import { explainMissing, understood } from './adaptation-client.ts';
import { reasonIn } from './run-failed.ts';

/**
 * Sends one of the updates and waits until the run has taken it.
 * @throws DomainError OrchestratorUnavailable when no control worker hands it on, ConfigInvalid when there is no such
 * run or it takes no such order.
 */
export async function steerRun(
  client: Client,
  run: string,
  order: 'pause' | 'resume' | 'stop',
): Promise<void> {
  await sendUpdate(client, run, (handle) => handle.executeUpdate(steeringNames[order], { args: [] }));
}

/**
 * Changes how many shards the run has in flight at once. @param shards 1 to 1000, or `auto`: as many as the compute
 * workers need
 */
export async function scaleRun(client: Client, run: string, shards: number | 'auto'): Promise<void> {
  const name = steeringNames.setConcurrency;
  await sendUpdate(client, run, (handle) => handle.executeUpdate(name, { args: [shards] }));
}

async function sendUpdate(
  client: Client,
  run: string,
  update: (handle: WorkflowHandle) => Promise<unknown>,
): Promise<void> {
  const send = () => update(client.workflow.getHandle(run));
  try {
    await explainMissing(client, run, () =>
      client.withAbortSignal(AbortSignal.timeout(clientLimits.orderMs), send),
    );
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) {
      throw new DomainError('ConfigInvalid', `The run ${run} did not take the order. ${reasonIn(error)}`);
    }
    if (!isNotTaken(error)) throw error;
    throw new DomainError(
      'OrchestratorUnavailable',
      `The run ${run} has not taken the order within ${clientLimits.orderMs / 1000} s: no control worker answers for it. See what runs (npx echoloop doctor), start one (npx echoloop up, or worker --role control), and send the order again.`,
      {},
      { cause: error },
    );
  }
}

/** By the limit of this side, or in whatever words the server says that no worker took it. */
function isNotTaken(error: unknown): boolean {
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return true;
  return error instanceof ServiceError && !isServersOwn(error);
}

/**
 * Lets a paused run go on. One that failed, was cancelled, terminated or timed out begins again under its id, from
 * what is complete: the iterations that it had finished, and within the next one everything that is in the store.
 * @throws DomainError ConfigInvalid when the run has ended with a result, or there is none of that name.
 */
export async function resumeRun(client: Client, run: string): Promise<'resumed' | 'begun again'> {
  const handle = client.workflow.getHandle(run);
  const { status, runId } = await explainMissing(client, run, () => handle.describe());
  if (status.name === 'RUNNING') {
    await steerRun(client, run, 'resume');
    return 'resumed';
  }
  if (status.name === 'COMPLETED') {
    throw new DomainError(
      'ConfigInvalid',
      `The run ${run} has ended with a result; there is nothing to resume. Look at it: npx echoloop watch ${run}`,
    );
  }
  const { type, given } = await startOf(client, run, runId);
  const input = understood(
    type === workflowTypes.comparison ? ComparisonInputSchema : AdaptationInputSchema,
    given,
    run,
  );
  const { carried } = input;
  const steering = carried && { ...carried.steering, paused: false, stopping: false };
  await client.workflow.start(type, {
    ...workflowPolicy,
    taskQueue: taskQueues.control,
    workflowId: run,
    workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
    priority: priorityOf(run, priorities.person),
    args: [{ ...input, ...(carried && { carried: { ...carried, steering } }) }],
  });
  return 'begun again';
}

/** What one execution of the run is of, and was started with. */
async function startOf(
  client: Client,
  run: string,
  runId: string,
): Promise<{ readonly type: string; readonly given: unknown }> {
  const { history } = await client.workflowService.getWorkflowExecutionHistory({
    namespace: client.options.namespace,
    execution: { workflowId: run, runId },
    maximumPageSize: 1,
  });
  const started = history?.events?.[0]?.workflowExecutionStartedEventAttributes;
  const payload = started?.input?.payloads?.[0];
  const type = started?.workflowType?.name;
  if ((type === workflowTypes.adaptation || type === workflowTypes.comparison) && payload) {
    return { type, given: defaultPayloadConverter.fromPayload(payload) };
  }
  throw new DomainError('ConfigInvalid', `${run} is no adaptation and no comparison; it cannot be resumed.`);
}

/** Asks the run to end at once and keep nothing more; `stop` ends it with the best policy so far. */
export async function cancelRun(client: Client, run: string): Promise<void> {
  await explainMissing(client, run, () => client.workflow.getHandle(run).cancel());
}
