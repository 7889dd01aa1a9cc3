/** What lies in a workflow's history: small payloads, and decisions that today's code repeats. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { ApplicationFailure } from '@temporalio/common';
import proto from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { taskQueues } from '../../contracts/task-queues.ts';
import { comparison } from '../../workflows/comparison.ts';
import { nightly } from '../../workflows/nightly.ts';
import { adaptationInput, type Bench, comparisonPlan, fakeActivities, openBench } from './harness.ts';

/** On an idle machine each takes seconds; there are dozens of histories. */
vi.setConfig({ testTimeout: 300_000 });

const { History } = proto.temporal.api.history.v1;

/** Recorded with RECORD_HISTORIES=1; to be kept as long as runs of that version may be under way. */
const recorded = new URL('./histories/', import.meta.url);

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

/** The histories of all runs of a workflow, the first one first. */
function historiesOf(workflowId: string) {
  return historiesWhere(`WorkflowId = "${workflowId}"`);
}

/** The same, of the sweeps of a run. */
function sweepHistoriesOf(run: string) {
  return historiesWhere(`WorkflowId STARTS_WITH "${run}/"`);
}

async function historiesWhere(query: string) {
  const { workflow } = bench.environment.client;
  const found = [];
  for await (const { workflowId, runId, startTime } of workflow.list({ query })) {
    found.push({ startTime, history: await workflow.getHandle(workflowId, runId).fetchHistory() });
  }
  return found.sort((a, b) => a.startTime.getTime() - b.startTime.getTime()).map(({ history }) => history);
}

/** Keeps histories for the replay, when asked to. */
function record(name: string, histories: readonly Parameters<typeof History.encode>[0][]): void {
  if (!process.env.RECORD_HISTORIES) return;
  histories.forEach((history, index) => {
    writeFileSync(new URL(`${name}-${index}.bin`, recorded), History.encode(history).finish());
  });
}

describe('the history of a workflow', () => {
  it('carries references and small numbers alone: no payload reaches 64 kB', async () => {
    const { activities } = fakeActivities();
    const { histories, sweeps } = await bench.serve(activities, async () => {
      const handle = await bench.start(adaptationInput('payloads'));
      await handle.result();
      return { histories: await historiesOf('payloads'), sweeps: await sweepHistoriesOf('payloads') };
    });
    expect(histories).toHaveLength(3);
    expect(sweeps).toHaveLength(3 + 2 * 2);
    const sizes: number[] = [];
    collectPayloadSizes([histories, sweeps], sizes);
    expect(sizes.length).toBeGreaterThan(50);
    expect(Math.max(...sizes)).toBeLessThan(64_000);
    record('adaptation-trainings-at-once', histories);
    record('sweep', sweeps);
  });

  it('is one run for each iteration where every training goes in rounds of several workers', async () => {
    const { activities, calls } = fakeActivities();
    const { config } = adaptationInput('unused', { iterations: 1 });
    const localSgd = { ...config.localSgd, workers: 2, stepsPerRound: 10 };
    const pretraining = { ...config.pretraining, steps: 40 };
    const { histories, stages } = await bench.serve(activities, async () => {
      const handle = await bench.start(adaptationInput('rounds', { iterations: 1, localSgd, pretraining }));
      await handle.result();
      const stages = await historiesWhere(
        'WorkflowId STARTS_WITH "rounds/" AND WorkflowType = "localSgdRounds"',
      );
      return { histories: await historiesOf(handle.workflowId), stages };
    });
    const rounds = calls.filter((name) => name === 'mergeRound').length;
    expect(rounds).toBeGreaterThan(1);
    expect(calls.filter((name) => name === 'trainLocally')).toHaveLength(2 * rounds);
    expect(calls).not.toContain('fineTunePolicy');
    expect(histories).toHaveLength(2);
    expect(stages).toHaveLength(3);
    record('rounds', stages);
    record('adaptation-all-in-rounds', histories);
  });

  it('names the run that a night starts after the scheduled time', async () => {
    const { activities } = fakeActivities();
    const histories = await bench.serve(activities, async () => {
      const args = [{ model: 'ward', config: adaptationInput('unused', { iterations: 1 }).config }] as const;
      const handle = await bench.environment.client.workflow.start(nightly, {
        workflowId: 'one-night',
        taskQueue: taskQueues.control,
        args: [...args],
      });
      await handle.result();
      return historiesOf(handle.workflowId);
    });
    const started = histories[0]?.events?.find(
      (event) => event.startChildWorkflowExecutionInitiatedEventAttributes,
    );
    expect(started?.startChildWorkflowExecutionInitiatedEventAttributes?.workflowId).toMatch(
      /^ward-\d{8}T\d{6}Z$/,
    );
    record('nightly-with-priority', histories);
  });

  it('is one run for every row of a comparison', async () => {
    const { config } = adaptationInput('unused', { iterations: 1 });
    const { inference } = config;
    const completing = { ...inference, completion: { ...inference.completion, enabled: true } };
    const source = { name: 'source', labels: false, isSource: true };
    const rowPlans = [
      {
        name: 'taught',
        system: 'a',
        trainings: [source, { name: 'taught-1', labels: true, isSource: false }],
      },
      { name: 'adapted', system: 'b', trainings: [source], adaptation: { run: 'rows-adapted', config } },
      { name: 'absent', system: 'c', trainings: [] },
    ];
    const { activities } = fakeActivities({
      planComparison: async () => comparisonPlan(...rowPlans),
      predictForSystem: async ({ row }) => {
        if (row === 'absent') throw ApplicationFailure.nonRetryable('no weights', 'ArtefactMissing');
        return { done: 4, quarantined: 0 };
      },
    });
    const rows = rowPlans.map(({ name, system }) => ({ name, system, settings: {}, files: {} }));
    const histories = await bench.serve(activities, async () => {
      const result = await bench.environment.client.workflow.execute(comparison, {
        workflowId: 'rows',
        taskQueue: taskQueues.control,
        args: [{ run: 'rows', config: { run: { ...config, inference: completing }, rows, pictures: 0 } }],
      });
      expect(result.rows.map(({ unavailable }) => unavailable)).toEqual([undefined, undefined, 'no weights']);
      return historiesOf('rows');
    });
    expect(histories).toHaveLength(rowPlans.length);
    record('comparison-with-sweeps', histories);
  });

  it('is repeated by the present workflow code, for every recorded one', async () => {
    const files = readdirSync(recorded).filter((name) => name.endsWith('.bin'));
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      const history = History.decode(readFileSync(new URL(file, recorded)));
      await Worker.runReplayHistory({ workflowBundle: bench.bundle }, history);
    }
  });

  it('is made by a sandbox without schemas', () => {
    expect(bench.bundle.code).not.toMatch(/node_modules\/zod\//);
    expect(bench.bundle.code).toContain('workflows/adaptation.ts');
  });

  it('is not repeated when an activity in it is another one', async () => {
    const history = History.decode(readFileSync(new URL('adaptation-0.bin', recorded)));
    const scheduled = history.events.find((event) => event.activityTaskScheduledEventAttributes);
    scheduled!.activityTaskScheduledEventAttributes!.activityType!.name = 'somethingElse';
    await expect(Worker.runReplayHistory({ workflowBundle: bench.bundle }, history)).rejects.toThrow(
      /[Nn]ondeterminism/,
    );
  });
});

function collectPayloadSizes(value: unknown, sizes: number[]): void {
  if (value instanceof Uint8Array) sizes.push(value.length);
  else if (Array.isArray(value)) for (const item of value) collectPayloadSizes(item, sizes);
  else if (typeof value === 'object' && value !== null) {
    for (const item of Object.values(value)) collectPayloadSizes(item, sizes);
  }
}
