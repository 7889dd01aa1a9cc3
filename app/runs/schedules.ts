/** Temporal schedules that adapt a model again at set times. */
import {
  type Client,
  ScheduleAlreadyRunning,
  type ScheduleHandle,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { NightlyInput } from '../../contracts/messages.ts';
import { nightlyRun, workflowTypes } from '../../contracts/names.ts';
import { taskQueues } from '../../contracts/task-queues.ts';
import { DomainError } from '../../ground/errors.ts';
import { LONGEST_NAME } from '../../storage/keys.ts';
import { datasetExists, datasetNames } from '../../storage/manifests.ts';
import type { ObjectStore } from '../../storage/store.ts';
import { nightLimits, workflowPolicy } from '../../temporal.config.ts';
import type { Connections } from '../connections.ts';
import { didYouMean } from '../did-you-mean.ts';
import { stateInWords } from './state-in-words.ts';

const prefix = 'nightly-';

export interface Night {
  /** The workflow of the night itself; the run that it starts is its child. */
  readonly workflow: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** Temporal's word, RUNNING among them; FORGOTTEN when the server no longer knows it. */
  readonly status: string;
}

export interface ScheduleState {
  readonly schedule: string;
  readonly paused: boolean;
  /** ISO 8601, UTC. */
  readonly next?: string;
  /** The latest night, which may be at work. */
  readonly last?: Night;
  /** Nights that were not begun because the one before was still at work. */
  readonly skipped: number;
  /** Nights that passed while the server was away for longer than it makes up for. */
  readonly missed: number;
}

/**
 * @returns the schedule's id. @throws DomainError ConfigInvalid when the model has one already, its name is too long to
 * name nights after, or the times cannot be read; DatasetInvalid when there is no such dataset.
 */
export async function createNightly(
  { client, store }: Pick<Connections, 'client' | 'store'>,
  input: NightlyInput,
  cron: string,
): Promise<string> {
  const scheduleId = `${prefix}${input.model}`;
  refuseLongName(input.model);
  await refuseMissingDatasets(store, input.config);
  try {
    await client.schedule.create({
      scheduleId,
      spec: { cronExpressions: [cron] },
      policies: { overlap: ScheduleOverlapPolicy.SKIP },
      action: {
        type: 'startWorkflow',
        ...workflowPolicy,
        workflowType: workflowTypes.nightly,
        workflowId: scheduleId,
        taskQueue: taskQueues.control,
        args: [input],
        workflowExecutionTimeout: nightLimits.longestMs,
      },
    });
  } catch (error) {
    if (error instanceof ScheduleAlreadyRunning) {
      throw new DomainError(
        'ConfigInvalid',
        `The model ${input.model} has the schedule ${scheduleId} already. Delete it first: npx echoloop schedule delete ${scheduleId}`,
      );
    }
    if (/cron|spec/i.test(String((error as Error).cause ?? error))) {
      throw new DomainError(
        'ConfigInvalid',
        `--cron "${cron}" cannot be read: expected five fields, minute hour day month weekday, such as "0 2 * * *".`,
        {},
        { cause: error },
      );
    }
    throw error;
  }
  return scheduleId;
}

/** Its nights could not be named. */
function refuseLongName(model: string): void {
  const run = nightlyRun(model, new Date());
  if (run.length <= LONGEST_NAME) return;
  const longest = LONGEST_NAME - (run.length - model.length);
  throw new DomainError(
    'ConfigInvalid',
    `The model name "${model}" has ${model.length} characters, and that of a model with a schedule may have ${longest}: its runs are named after it and the time of the night, such as ${run}, in at most ${LONGEST_NAME} characters. Schedule a model with a shorter name.`,
  );
}

/** A night that cannot begin would fail unseen, night after night. */
async function refuseMissingDatasets(
  store: ObjectStore,
  { source, target }: NightlyInput['config'],
): Promise<void> {
  for (const dataset of new Set([source, target])) {
    if (await datasetExists(store, dataset)) continue;
    throw new DomainError(
      'DatasetInvalid',
      `There is no dataset "${dataset}" in the store.${didYouMean(dataset, await datasetNames(store))} Make it first: npx echoloop ingest PATH --dataset ${dataset}`,
    );
  }
}

export async function listSchedules(client: Client): Promise<ScheduleState[]> {
  const schedules: ScheduleState[] = [];
  for await (const { scheduleId } of client.schedule.list()) {
    if (!scheduleId.startsWith(prefix)) continue;
    const { state, info } = await client.schedule.getHandle(scheduleId).describe();
    const next = info.nextActionTimes[0]?.toISOString();
    const last = info.recentActions.at(-1);
    schedules.push({
      schedule: scheduleId,
      paused: state.paused,
      ...(next && { next }),
      ...(last && {
        last: {
          workflow: last.action.workflow.workflowId,
          startedAt: last.takenAt.toISOString(),
          status: await statusOf(client, last.action.workflow.workflowId),
        },
      }),
      skipped: info.numActionsSkippedOverlap,
      missed: info.numActionsMissedCatchupWindow,
    });
  }
  return schedules;
}

/** What a person should know of a schedule that does not do what it is there for; undefined when all is well. */
export function scheduleTrouble({ schedule, last, skipped, missed }: ScheduleState): string | undefined {
  const parts = [
    last && !['RUNNING', 'COMPLETED', 'FORGOTTEN'].includes(last.status)
      ? `its last night, of ${last.startedAt}, ended as ${stateInWords(last.status)}`
      : undefined,
    skipped > 0 ? `${nights(skipped)} skipped because the one before was still at work` : undefined,
    missed > 0 ? `${nights(missed)} missed while the server was away` : undefined,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : `${schedule}: ${parts.join('; ')}`;
}

function nights(count: number): string {
  return count === 1 ? '1 night was' : `${count} nights were`;
}

async function statusOf(client: Client, workflow: string): Promise<string> {
  try {
    return (await client.workflow.getHandle(workflow).describe()).status.name;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'FORGOTTEN';
    throw error;
  }
}

/**
 * `trigger` begins a night now, unless one is at work: two would adapt the same champion, and one of them for nothing.
 * @throws DomainError ConfigInvalid when there is no such schedule, or its night cannot be begun now.
 */
export async function orderSchedule(
  client: Client,
  schedule: string,
  order: 'pause' | 'unpause' | 'trigger' | 'delete',
): Promise<void> {
  const handle = client.schedule.getHandle(schedule);
  try {
    if (order !== 'trigger') return await handle[order]();
    const { ended } = await refuseSecondNight(client, handle);
    // What begins between the look and the order is for the server to notice. It may take a night that has just ended
    // for one at work still, and would skip this one for it; kept waiting, it begins as soon as the server knows.
    await handle.trigger(ended ? ScheduleOverlapPolicy.BUFFER_ONE : ScheduleOverlapPolicy.SKIP);
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
    const known = (await listSchedules(client)).map((found) => found.schedule);
    throw new DomainError(
      'ConfigInvalid',
      `There is no schedule ${schedule}.${didYouMean(schedule, known)} List them: npx echoloop schedule list`,
    );
  }
}

/** @returns whether the server takes a night that has ended for one at work */
async function refuseSecondNight(client: Client, handle: ScheduleHandle): Promise<{ ended: boolean }> {
  const { info } = await handle.describe();
  for (const { workflow } of info.runningActions) {
    if ((await statusOf(client, workflow.workflowId)) !== 'RUNNING') continue;
    throw new DomainError(
      'ConfigInvalid',
      `${handle.scheduleId} has a night at work, ${workflow.workflowId}: nothing was started. Look at it (npx echoloop status), wait for its end, or end its run: npx echoloop stop RUN`,
    );
  }
  return { ended: info.runningActions.length > 0 };
}
