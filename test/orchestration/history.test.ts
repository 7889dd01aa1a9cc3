/** What lies in a workflow's history: small payloads, and decisions that today's code repeats. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import proto from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adaptationInput, type Bench, fakeActivities, openBench } from './harness.ts';

const { History } = proto.temporal.api.history.v1;

/** Recorded with RECORD_HISTORIES=1; to be kept as long as runs of that version may be under way. */
const recorded = new URL('./histories/', import.meta.url);

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

/** The histories of all runs of a workflow, the first one first. */
async function historiesOf(workflowId: string) {
  const { client } = bench.environment;
  const found = [];
  for await (const { runId, startTime } of client.workflow.list({ query: `WorkflowId = "${workflowId}"` })) {
    found.push({ startTime, history: await client.workflow.getHandle(workflowId, runId).fetchHistory() });
  }
  return found.sort((a, b) => a.startTime.getTime() - b.startTime.getTime()).map(({ history }) => history);
}

describe('the history of an adaptation', () => {
  it('carries references and small numbers alone: no payload reaches 64 kB', async () => {
    const { activities } = fakeActivities();
    const histories = await bench.serve(activities, async () => {
      const handle = await bench.start(adaptationInput('payloads'));
      await handle.result();
      return historiesOf(handle.workflowId);
    });
    expect(histories).toHaveLength(3);
    const sizes: number[] = [];
    collectPayloadSizes(histories, sizes);
    expect(sizes.length).toBeGreaterThan(50);
    expect(Math.max(...sizes)).toBeLessThan(64_000);
    if (process.env.RECORD_HISTORIES) {
      histories.forEach((history, index) => {
        writeFileSync(new URL(`adaptation-${index}.bin`, recorded), History.encode(history).finish());
      });
    }
  });

  it('is repeated by the present workflow code, for every recorded one', async () => {
    const files = readdirSync(recorded).filter((name) => name.endsWith('.bin'));
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      const history = History.decode(readFileSync(new URL(file, recorded)));
      await Worker.runReplayHistory({ workflowBundle: bench.bundle }, history);
    }
  });
});

function collectPayloadSizes(value: unknown, sizes: number[]): void {
  if (value instanceof Uint8Array) sizes.push(value.length);
  else if (Array.isArray(value)) for (const item of value) collectPayloadSizes(item, sizes);
  else if (typeof value === 'object' && value !== null) {
    for (const item of Object.values(value)) collectPayloadSizes(item, sizes);
  }
}
