/** Schedules on a real Temporal server, whose nights are workflows that the test ends or leaves hanging. */

import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createNightly, listSchedules, orderSchedule, scheduleTrouble } from '../../app/runs/schedules.ts';
import type { NightlyInput } from '../../contracts/messages.ts';
import { MemoryStore } from '../../storage/memory-store.ts';
import { nightLimits } from '../../temporal.config.ts';
import { openServer } from './harness.ts';
import { addTinyDatasets, tinyConfig } from './tiny-run.ts';

/** Never by itself. */
const NEVER = '0 0 29 2 *';

let environment: TestWorkflowEnvironment;
const store = new MemoryStore();
beforeAll(async () => {
  environment = await openServer();
  await addTinyDatasets(store);
});
afterAll(() => environment?.teardown());

const night = (model: string, changes: Partial<NightlyInput['config']> = {}): NightlyInput => ({
  model,
  config: { ...tinyConfig(), ...changes },
});
const create = (input: NightlyInput) => createNightly({ client: environment.client, store }, input, NEVER);

async function stateOf(schedule: string) {
  const found = (await listSchedules(environment.client)).find((state) => state.schedule === schedule);
  return found!;
}

it('are refused for a dataset that does not exist, saying which one was meant', async () => {
  await expect(create(night('a', { target: 'clinic-c' }))).rejects.toMatchObject({
    code: 'DatasetInvalid',
    message: expect.stringMatching(/no dataset "clinic-c".*Did you mean "clinic-[ab]"/),
  });
  await expect(create(night('a', { source: 'nowhere-near' }))).rejects.toMatchObject({
    code: 'DatasetInvalid',
  });
  expect(await listSchedules(environment.client)).toEqual([]);
});

it('are refused for a model whose name leaves no room for the names of its nights', async () => {
  await expect(create(night('m'.repeat(84)))).rejects.toMatchObject({
    code: 'ConfigInvalid',
    message: expect.stringMatching(/has 84 characters.* may have 83: .*-\d{8}T\d{6}Z, in at most 100/),
  });
  const schedule = await create(night('m'.repeat(83)));
  await orderSchedule(environment.client, schedule, 'delete');
});

it('begin one night at a time, also by hand, and say when a night did not end well', async () => {
  const { client } = environment;
  const schedule = await create(night('ward'));
  await expect.poll(() => stateOf(schedule)).toMatchObject({ paused: false, skipped: 0, missed: 0 });
  await orderSchedule(client, schedule, 'trigger');
  // No worker serves them: they stay at work.
  await expect.poll(async () => (await stateOf(schedule)).last?.status, { timeout: 30_000 }).toBe('RUNNING');
  const { workflow } = (await stateOf(schedule)).last!;
  const timeout = (await client.workflow.getHandle(workflow).describe()).raw.executionConfig;
  expect(Number(timeout?.workflowExecutionTimeout?.seconds)).toBe(nightLimits.longestMs / 1000);
  expect(scheduleTrouble(await stateOf(schedule))).toBeUndefined();
  await expect(orderSchedule(client, schedule, 'trigger')).rejects.toMatchObject({
    code: 'ConfigInvalid',
    message: expect.stringContaining(workflow),
  });
  // The server's own rule, for who comes at the same time.
  await client.schedule.getHandle(schedule).trigger('SKIP');
  await expect.poll(async () => (await stateOf(schedule)).skipped, { timeout: 30_000 }).toBe(1);
  expect(scheduleTrouble(await stateOf(schedule))).toBe(
    `${schedule}: 1 night was skipped because the one before was still at work`,
  );

  await client.workflow.getHandle(workflow).terminate();
  await expect
    .poll(async () => (await stateOf(schedule)).last?.status, { timeout: 30_000 })
    .toBe('TERMINATED');
  expect(scheduleTrouble(await stateOf(schedule))).toContain('ended as terminated; 1 night was skipped');
  await orderSchedule(client, schedule, 'trigger');
  // In the same second it has the same id.
  await expect.poll(async () => (await stateOf(schedule)).last?.status, { timeout: 30_000 }).toBe('RUNNING');
}, 150_000);

it('are named when there is none of that name', async () => {
  await expect(orderSchedule(environment.client, 'nightly-wart', 'trigger')).rejects.toMatchObject({
    message: expect.stringContaining('Did you mean "nightly-ward"'),
  });
});
