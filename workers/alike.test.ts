import { describe, expect, it } from 'vitest';
import { writeJson } from '../activities/artefacts/json-artefact.ts';
import type { ActivityContext } from '../activities/context.ts';
import { RunConfigSchema } from '../contracts/run-config.ts';
import type { RunInput } from '../contracts/training-activities.ts';
import { runKeys } from '../storage/keys.ts';
import { tinyWorld } from '../test/orchestration/tiny-run.ts';
import { alike, type Machine } from './alike.ts';

const two: Machine = { backend: 'native-cpu', threads: 2 };
const eight: Machine = { backend: 'native-cpu', threads: 8 };
const gpu: Machine = { backend: 'native-gpu', threads: 2 };

/** A run of this configuration, and a call on a machine of its activity. */
async function runOf(compute: object) {
  const context = tinyWorld().context();
  const value = RunConfigSchema.parse({ source: 'a', target: 'b', compute });
  const config = await writeJson(context, runKeys.config('r'), value, []);
  const call = (machine: Machine) => {
    const { work } = alike({ work: async ({ run }: RunInput) => run }, machine);
    return work({ run: 'r', config, plan: config } as never, context);
  };
  return { call, context, config };
}

describe('the compute workers of a run', () => {
  it('are all as the first one was', async () => {
    const { call, context } = await runOf({});
    expect(await call(two)).toBe('r');
    expect(await call(two)).toBe('r');
    await expect(call(eight)).rejects.toMatchObject({
      code: 'HostUnfit',
      message: expect.stringMatching(
        /native-cpu and 2 threads.*native-cpu and 8 threads.*ECHOLOOP_COMPUTE_THREADS/,
      ),
    });
    await expect(call(gpu)).rejects.toMatchObject({ code: 'HostUnfit' });
    expect(await context.store.get(runKeys.machine('r'))).toBeDefined();
  });

  it('decide it together when two are the first at once', async () => {
    const { call } = await runOf({});
    const both = await Promise.allSettled([call(two), call(eight)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('are as the configuration says from the beginning', async () => {
    const { call } = await runOf({ backend: 'native-gpu' });
    await expect(call(two)).rejects.toMatchObject({ code: 'HostUnfit', message: /asks for native-gpu/ });
    expect(await call(gpu)).toBe('r');
  });

  it('may differ where the configuration lets them', async () => {
    const { call } = await runOf({ mixed: true });
    for (const machine of [two, eight, gpu]) expect(await call(machine)).toBe('r');
  });

  it('take what the first of two attempts has stored where they may differ, and nowhere else', async () => {
    const stored = async (compute: object, machines: readonly [Machine, Machine]) => {
      const { context, config } = await runOf(compute);
      const attempts = machines.map((machine, attempt) => {
        const train = (_: RunInput, own: ActivityContext) => writeJson(own, 'policy', { attempt }, [config]);
        return alike({ train }, machine).train({ run: 'r', config, plan: config } as never, context);
      });
      return Promise.allSettled(attempts);
    };
    const [one, other] = await stored({ mixed: true }, [two, eight]);
    expect([one!.status, other!.status]).toEqual(['fulfilled', 'fulfilled']);
    expect(other).toEqual(one);
    const alikes = await stored({}, [two, two]);
    expect(alikes.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'ChecksumMismatch' },
    });
  });

  it('may plan what brings its configuration along instead of naming a stored one', async () => {
    const { plan } = alike({ plan: async ({ run }: RunInput) => run }, two);
    const context = tinyWorld().context();
    expect(await plan({ run: 'r', config: { rows: [] } } as never, context)).toBe('r');
    expect(await context.store.get(runKeys.machine('r'))).toBeUndefined();
  });
});
