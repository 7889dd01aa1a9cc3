/**
 * Talks to the workflows that people start, adaptations and comparisons: start, find, ask for progress. Beside
 * run-orders.ts, which steers them, and comparison-client.ts the only file that knows how Temporal's client names
 * things.
 */
import type { Client, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { z } from 'zod';
import { type ComparisonProgress, ComparisonProgressSchema } from '../../contracts/comparison.ts';
import {
  type AdaptationInput,
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

/** @throws DomainError ConfigInvalid for the workflows that belong to runs without being ones. */
function kindOf(type: string, run: string): RunState['kind'] {
  if (type === workflowTypes.adaptation) return 'adaptation';
  if (type === workflowTypes.comparison) return 'comparison';
  const what =
    type === workflowTypes.nightly ? 'a night of a schedule, which starts a run' : 'a part of a run';
  throw new DomainError(
    'ConfigInvalid',
    `${run} is no adaptation and no comparison, but ${what}. List the runs: npx echoloop status`,
  );
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
      kind: kindOf(found.type, found.workflowId),
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
  const kind = kindOf(description.type, run);
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

/** @throws DomainError VersionMismatch when what a run says is not of the form that this version reads. */
export function understood<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  run: string,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new DomainError(
    'VersionMismatch',
    `The run ${run} speaks in a form that this version does not understand:\n${z.prettifyError(parsed.error)}\nUse the version that its workers have.`,
  );
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

/** @throws DomainError ConfigInvalid when there is no such run, or it is over; what the call throws otherwise. */
export async function explainMissing<Result>(
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
