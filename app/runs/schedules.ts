/** Temporal schedules that adapt a model again at set times. */
import {
  type Client,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
} from '@temporalio/client';
import type { NightlyInput } from '../../contracts/messages.ts';
import { workflowTypes } from '../../contracts/names.ts';
import { taskQueues } from '../../contracts/task-queues.ts';
import { DomainError } from '../../ground/errors.ts';
import { didYouMean } from '../did-you-mean.ts';

const prefix = 'nightly-';

export interface ScheduleState {
  readonly schedule: string;
  readonly paused: boolean;
  /** ISO 8601, UTC. */
  readonly next?: string;
}

/**
 * @returns the schedule's id. @throws DomainError ConfigInvalid when the model has one already, or the times cannot
 * be read.
 */
export async function createNightly(client: Client, input: NightlyInput, cron: string): Promise<string> {
  const scheduleId = `${prefix}${input.model}`;
  try {
    await client.schedule.create({
      scheduleId,
      spec: { cronExpressions: [cron] },
      policies: { overlap: ScheduleOverlapPolicy.SKIP },
      action: {
        type: 'startWorkflow',
        workflowType: workflowTypes.nightly,
        workflowId: scheduleId,
        taskQueue: taskQueues.control,
        args: [input],
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

export async function listSchedules(client: Client): Promise<ScheduleState[]> {
  const schedules: ScheduleState[] = [];
  for await (const found of client.schedule.list()) {
    if (!found.scheduleId.startsWith(prefix)) continue;
    const next = found.info?.nextActionTimes[0]?.toISOString();
    schedules.push({ schedule: found.scheduleId, paused: found.state.paused, ...(next ? { next } : {}) });
  }
  return schedules;
}

/** @throws DomainError ConfigInvalid when there is no such schedule. */
export async function orderSchedule(
  client: Client,
  schedule: string,
  order: 'pause' | 'unpause' | 'trigger' | 'delete',
): Promise<void> {
  try {
    await client.schedule.getHandle(schedule)[order]();
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
    const known = (await listSchedules(client)).map((found) => found.schedule);
    throw new DomainError(
      'ConfigInvalid',
      `There is no schedule ${schedule}.${didYouMean(schedule, known)} List them: npx echoloop schedule list`,
    );
  }
}
