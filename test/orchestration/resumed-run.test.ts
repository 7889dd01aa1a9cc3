/** A run that failed or was cancelled, begun again under its id: on a real Temporal server with fake activities. */
import { ApplicationFailure } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRun, runResult } from '../../app/runs/adaptation-client.ts';
import { resumeRun } from '../../app/runs/run-orders.ts';
import { progressQuery } from '../../workflows/progress.ts';
import { pauseUpdate } from '../../workflows/steering.ts';
import { adaptationInput, type Bench, fakeActivities, openBench } from './harness.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

/** Activities whose second fine-tuning fails for good until it is mended. */
function breakable() {
  let broken = true;
  const { activities, calls } = fakeActivities();
  const { fineTunePolicy } = activities;
  activities.fineTunePolicy = async (input) => {
    if (broken && input.iteration === 2) throw ApplicationFailure.nonRetryable('no GPU', 'BackendMissing');
    return fineTunePolicy(input);
  };
  return {
    activities,
    calls,
    mend: () => {
      broken = false;
    },
  };
}

describe('resume', () => {
  it('begins a failed run again under its id, from the iterations that it had finished', async () => {
    const { client } = bench.environment;
    const { activities, calls, mend } = breakable();
    await bench.serve(activities, async () => {
      const handle = await bench.start(adaptationInput('failed'));
      await expect(handle.result()).rejects.toThrow();
      await expect(runResult(client, 'failed')).rejects.toThrow('no GPU');
      const before = calls.length;
      mend();
      expect(await resumeRun(client, 'failed')).toBe('begun again');
      const result = await runResult(client, 'failed');
      expect(result.policies.map(({ iteration }) => iteration)).toEqual([0, 1, 2]);
      expect(result).toMatchObject({ run: 'failed', stopped: false });
      const again = calls.slice(before);
      for (const finished of ['planRun', 'pretrainPolicy', 'fitShapeAutoencoder']) {
        expect(again).not.toContain(finished);
      }
      expect(again.filter((name) => name === 'fineTunePolicy')).toHaveLength(1);
      await expect(resumeRun(client, 'failed')).rejects.toMatchObject({
        code: 'ConfigInvalid',
        message: expect.stringContaining('ended with a result'),
      });
    });
  });

  it('begins a run again that was cancelled, and lets one go on that is paused', async () => {
    const { client } = bench.environment;
    const { activities, mend } = breakable();
    mend();
    const handle = await bench.start(adaptationInput('cancelled', { iterations: 1 }));
    await handle.cancel();
    await bench.serve(activities, async () => {
      await expect(handle.result()).rejects.toThrow('cancelled');
      expect((await readRun(client, 'cancelled')).status).toBe('CANCELLED');
    });
    expect(await resumeRun(client, 'cancelled')).toBe('begun again');
    const again = client.workflow.getHandle('cancelled');
    const paused = again.executeUpdate(pauseUpdate);
    await bench.serve(activities, async () => {
      await paused;
      expect((await again.query(progressQuery)).state).toBe('paused');
      expect(await resumeRun(client, 'cancelled')).toBe('resumed');
      expect((await runResult(client, 'cancelled')).policies).toHaveLength(2);
    });
  });

  it('says so when there is no such run', async () => {
    await expect(resumeRun(bench.environment.client, 'nowhere')).rejects.toMatchObject({
      code: 'ConfigInvalid',
    });
  });
});
