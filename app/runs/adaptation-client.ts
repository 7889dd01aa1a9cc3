/**
 * Talks to the workflows that people start, adaptations and comparisons: start, find, ask for progress, steer. Beside
 * comparison-client.ts the only file that knows how Temporal's client names things.
 */
import type { Client, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { z } from 'zod';
import {
  ComparisonInputSchema,
  type ComparisonProgress,
  ComparisonProgressSchema,
} from '../../contracts/comparison.ts';
import {
  type AdaptationInput,
  AdaptationInputSchema,
  type AdaptationResult,
  AdaptationResultSchema,
  AttemptDetailsSchema,
  type Heartbeat,
  type Progress,
  ProgressSchema,
} from '../../contracts/messages.ts';
import { steeringNames, workflowTypes } from '../../contracts/names.ts';
import { priorities, priorityOf, taskQueues } from '../../contracts/task-queues.ts';
import { DomainError } from '../../ground/errors.ts';
import { clientLimits, workflowPolicy } from '../../temporal.config.ts';
import { didYouMean } from '../did-you-mean.ts';
import { RunFailed, reasonIn } from './run-failed.ts';

/** An activity that is under way or waits for its next try. */
export interface RunningActivity {
  readonly name: string;
  readonly attempt: number;
  readonly heartbeat?: Heartbeat;
  readonly lastFailure?: string;
}

export interface RunState {
  readonly run: string;
  readonly kind: 'adaptation' | 'comparison';
  /** Temporal's word: RUNNING, COMPLETED, FAILED, CANCELLED, TERMINATED, TIMED_OUT. */
  readonly status: string;
  readonly startedAt: string;
  readonly closedAt?: string;
  /** Of an adaptation; missing when no control worker answers, or when the run is over. */
  readonly progress?: Progress;
  /** The same of a comparison. */
  readonly comparison?: ComparisonProgress;
  readonly activities: readonly RunningActivity[];
}

/** @throws DomainError ConfigInvalid when the run id is taken. */
export async function startAdaptation(client: Client, input: AdaptationInput): Promise<void> {
  try {
    await client.workflow.start(workflowTypes.adaptation, {
      ...workflowPolicy,
      taskQueue: taskQueues.control,
      workflowId: input.run,
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      priority: priorityOf(input.run, priorities.person),
      args: [input],
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    throw new DomainError(
      'ConfigInvalid',
      `There is already a run ${input.run}. Choose another --run-id, or look at it: npx echoloop status ${input.run}`,
    );
  }
}

function kindOf(type: string): RunState['kind'] {
  return type === workflowTypes.comparison ? 'comparison' : 'adaptation';
}

/** Adaptations and comparisons, latest runs first. */
export async function listRuns(client: Client, limit: number): Promise<RunState[]> {
  const runs: RunState[] = [];
  const types = [workflowTypes.adaptation, workflowTypes.comparison];
  const query = types.map((type) => `WorkflowType = '${type}'`).join(' OR ');
  for await (const found of client.workflow.list({ query, pageSize: Math.min(limit * 2, 200) })) {
    // Continue-as-new leaves one closed entry for each iteration or row behind.
    if (found.status.name === 'CONTINUED_AS_NEW') continue;
    runs.push({
      run: found.workflowId,
      kind: kindOf(found.type),
      status: found.status.name,
      startedAt: found.startTime.toISOString(),
      ...(found.closeTime ? { closedAt: found.closeTime.toISOString() } : {}),
      activities: [],
    });
    if (runs.length >= limit) break;
  }
  return runs;
}

export async function readRun(client: Client, run: string): Promise<RunState> {
  const handle = client.workflow.getHandle(run);
  const description = await explainMissing(client, run, () => handle.describe());
  const running = description.status.name === 'RUNNING';
  const kind = kindOf(description.type);
  const ask = <Schema extends z.ZodType>(query: string, schema: Schema) =>
    running ? askProgress(client, handle, query, schema) : undefined;
  const progress = kind === 'adaptation' ? await ask(steeringNames.progress, ProgressSchema) : undefined;
  const comparison =
    kind === 'comparison' ? await ask(steeringNames.comparisonProgress, ComparisonProgressSchema) : undefined;
  return {
    run,
    kind,
    status: description.status.name,
    startedAt: (progress ?? comparison)?.startedAt ?? description.startTime.toISOString(),
    ...(description.closeTime ? { closedAt: description.closeTime.toISOString() } : {}),
    ...(progress ? { progress } : {}),
    ...(comparison ? { comparison } : {}),
    activities: await activitiesUnderWay(client, description),
  };
}

/** Those of the run and of what it waits for: the sweep of an adaptation, the adaptation of a comparison. */
async function activitiesUnderWay(
  client: Client,
  description: WorkflowExecutionDescription,
): Promise<RunningActivity[]> {
  const sweeps = (description.raw.pendingChildren ?? []).map(async ({ workflowId }) => {
    // One that has just ended has none.
    const sweep = await client.workflow
      .getHandle(workflowId!)
      .describe()
      .catch(() => undefined);
    return sweep ? runningActivities(sweep) : [];
  });
  return [...runningActivities(description), ...(await Promise.all(sweeps)).flat()];
}

async function askProgress<Schema extends z.ZodType>(
  client: Client,
  handle: WorkflowHandle,
  query: string,
  schema: Schema,
): Promise<z.output<Schema> | undefined> {
  const answer = await client
    .withDeadline(Date.now() + clientLimits.answerMs, () => handle.query<unknown>(query))
    // No worker answered in time; the state without progress says as much.
    .catch(() => undefined);
  return answer === undefined ? undefined : understood(schema, answer, handle.workflowId);
}

function runningActivities(description: WorkflowExecutionDescription): RunningActivity[] {
  return (description.raw.pendingActivities ?? []).map((activity) => {
    const payload = activity.heartbeatDetails?.payloads?.[0];
    // Details of another version are left out: they are only for show.
    const heartbeat = payload
      ? AttemptDetailsSchema.safeParse(defaultPayloadConverter.fromPayload(payload)).data
      : undefined;
    const lastFailure = activity.lastFailure?.message;
    return {
      name: activity.activityType?.name ?? 'activity',
      attempt: activity.attempt ?? 1,
      ...(heartbeat ? { heartbeat } : {}),
      ...(lastFailure ? { lastFailure } : {}),
    };
  });
}

/**
 * Sends one of the updates and waits until the run has taken it.
 * @throws DomainError ConfigInvalid when there is no such run, it is over, or it refuses.
 */
export async function steerRun(
  client: Client,
  run: string,
  order: 'pause' | 'resume' | 'stop',
): Promise<void> {
  try {
    await explainMissing(client, run, () =>
      client.workflow.getHandle(run).executeUpdate(steeringNames[order], { args: [] }),
    );
  } catch (error) {
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    throw new DomainError('ConfigInvalid', `The run ${run} did not take the order. ${error.cause?.message}`);
  }
}

/**
 * Changes how many shards the run has in flight at once. @param shards 1 to 1000, or `auto`: as many as the compute
 * workers need
 */
export async function scaleRun(client: Client, run: string, shards: number | 'auto'): Promise<void> {
  await explainMissing(client, run, () =>
    client.workflow.getHandle(run).executeUpdate(steeringNames.setConcurrency, { args: [shards] }),
  );
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

/** @throws DomainError VersionMismatch when what a run says is not of the form that this version reads. */
function understood<Schema extends z.ZodType>(schema: Schema, value: unknown, run: string): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new DomainError(
    'VersionMismatch',
    `The run ${run} speaks in a form that this version does not understand:\n${z.prettifyError(parsed.error)}\nUse the version that its workers have.`,
  );
}

/** Asks the run to end at once and keep nothing more; `stop` ends it with the best policy so far. */
export async function cancelRun(client: Client, run: string): Promise<void> {
  await explainMissing(client, run, () => client.workflow.getHandle(run).cancel());
}

/** The result of a finished run, following continue-as-new. @throws RunFailed with the reason when it failed. */
export async function runResult(client: Client, run: string): Promise<AdaptationResult> {
  try {
    return understood(AdaptationResultSchema, await client.workflow.getHandle(run).result(), run);
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    throw new RunFailed(run, reasonIn(error));
  }
}

async function explainMissing<Result>(
  client: Client,
  run: string,
  call: () => Promise<Result>,
): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    const known = (await listRuns(client, 50)).map((found) => found.run);
    throw new DomainError(
      'ConfigInvalid',
      known.includes(run)
        ? `The run ${run} is over; it takes no more orders. One that failed goes on with: npx echoloop resume ${run}`
        : `There is no run ${run}.${didYouMean(run, known)} List the runs: npx echoloop status`,
    );
  }
}
