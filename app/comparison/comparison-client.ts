/** Talks to comparison workflows: start, ask how far one is, wait for its result. */
import { setTimeout as pause } from 'node:timers/promises';
import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  type WorkflowHandle,
} from '@temporalio/client';
import { z } from 'zod';
import {
  type ComparisonInput,
  type ComparisonProgress,
  ComparisonProgressSchema,
  type ComparisonResult,
  ComparisonResultSchema,
} from '../../contracts/comparison.ts';
import { steeringNames, workflowTypes } from '../../contracts/names.ts';
import { priorities, priorityOf, taskQueues } from '../../contracts/task-queues.ts';
import { DomainError } from '../../ground/errors.ts';
import { clientLimits, workflowPolicy } from '../../temporal.config.ts';
import { RunFailed, reasonIn } from '../runs/run-failed.ts';

/**
 * Starts the comparison; one of the name that failed or was cancelled goes on from what is complete, one that runs or
 * has ended is left as it is.
 * @returns whether it was started.
 */
export async function startComparison(client: Client, input: ComparisonInput): Promise<boolean> {
  try {
    await client.workflow.start(workflowTypes.comparison, {
      ...workflowPolicy,
      taskQueue: taskQueues.control,
      workflowId: input.run,
      workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
      priority: priorityOf(input.run, priorities.person),
      args: [input],
    });
    return true;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const { type } = await client.workflow.getHandle(input.run).describe();
    if (type === workflowTypes.comparison) return false;
    throw new DomainError(
      'ConfigInvalid',
      `There is already a run ${input.run}, which is no comparison. Choose another --run-id.`,
    );
  }
}

/**
 * Looks again and again until the comparison is over.
 * @throws RunFailed when it ended without a result.
 */
export async function followComparison(
  client: Client,
  run: string,
  onLook: (progress: ComparisonProgress) => void,
): Promise<ComparisonResult> {
  const handle = client.workflow.getHandle(run);
  while (await isUnderWay(handle)) {
    const progress = await progressOf(client, handle);
    if (progress) onLook(progress);
    await pause(clientLimits.lookEveryMs);
  }
  return comparisonResult(client, run);
}

/**
 * Looks until the comparison is planned: what is wrong with its systems, settings and datasets is found then. Gives up
 * in silence where no worker plans it in time.
 * @throws RunFailed when it cannot be planned.
 */
export async function untilPlanned(client: Client, run: string): Promise<void> {
  const handle = client.workflow.getHandle(run);
  const deadline = Date.now() + clientLimits.orderMs;
  while (await isUnderWay(handle)) {
    const progress = await progressOf(client, handle);
    if ((progress && progress.stage !== 'planning') || Date.now() > deadline) return;
    await pause(clientLimits.lookEveryMs);
  }
  await comparisonResult(client, run);
}

async function isUnderWay(handle: WorkflowHandle): Promise<boolean> {
  const { status } = await handle.describe();
  return status.name === 'RUNNING' || status.name === 'CONTINUED_AS_NEW';
}

/** Undefined where no worker answers in time, or one of another version does. */
async function progressOf(client: Client, handle: WorkflowHandle): Promise<ComparisonProgress | undefined> {
  const answer = await client
    .withDeadline(Date.now() + clientLimits.answerMs, () =>
      handle.query<unknown>(steeringNames.comparisonProgress),
    )
    .catch(() => undefined);
  return ComparisonProgressSchema.safeParse(answer).data;
}

async function comparisonResult(client: Client, run: string): Promise<ComparisonResult> {
  try {
    const parsed = ComparisonResultSchema.safeParse(await client.workflow.getHandle(run).result());
    if (parsed.success) return parsed.data;
    throw new DomainError(
      'VersionMismatch',
      `The comparison ${run} speaks in a form that this version does not understand:\n${z.prettifyError(parsed.error)}\nUse the version that its workers have.`,
    );
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    throw new RunFailed(run, reasonIn(error));
  }
}
