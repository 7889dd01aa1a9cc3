import { describe, expect, it } from 'vitest';
import { recordSteps, stepsAreRecorded } from '../../recorded/recorded.ts';
import { hasNvidiaDriver } from '../../runtime/provision/machine.ts';
import { readTensorSetup } from '../../runtime/provision/tensorflow.ts';
import { measureSpeed } from '../../runtime/speed.ts';
import { selectTensorBackend } from '../../runtime/tensors.ts';

describe('the tensor back end', () => {
  it('is native wherever the set-up ended well', async () => {
    const setup = await readTensorSetup();
    const lines: string[] = [];
    const backend = await selectTensorBackend({ threads: 2, warn: (line) => lines.push(line) });
    expect(backend.threads).toBe(2);
    if (setup?.state === 'unavailable') {
      expect(backend).toMatchObject({ name: 'wasm', why: setup.why });
      expect(lines.join()).toContain('WebAssembly');
    } else {
      expect(backend.name).toMatch(/^native-/);
      expect(lines).toEqual([]);
    }
  });

  it.skipIf(hasNvidiaDriver())('is an error where a GPU is required and there is none', async () => {
    await expect(selectTensorBackend({ requireGpu: true, warn: () => {} })).rejects.toMatchObject({
      code: 'BackendMissing',
    });
  });

  it('records steps, unless the environment or an option says otherwise', async () => {
    const outcomes: [boolean, boolean][] = [];
    const select = async (options: { eager?: boolean } = {}): Promise<void> => {
      const { why } = await selectTensorBackend({ threads: 2, warn: () => {}, ...options });
      outcomes.push([stepsAreRecorded(), why.endsWith('steps are recorded')]);
    };
    try {
      await select();
      await select({ eager: true });
      process.env.ECHOLOOP_EAGER = '1';
      await select();
      await select({ eager: false });
    } finally {
      delete process.env.ECHOLOOP_EAGER;
      recordSteps(true);
    }
    const native = (await readTensorSetup())?.state !== 'unavailable';
    expect(outcomes).toEqual(
      [true, false, false, true].map((wanted) => [wanted && native, wanted && native]),
    );
  });

  it('computes in WebAssembly too, and its speed can be measured beside the chosen one', async () => {
    const wasm = await measureSpeed({ prefer: 'wasm', threads: 2 });
    expect(wasm).toMatchObject({ backend: 'wasm', version: '4.22.0' });
    expect(wasm.forwardGflops).toBeGreaterThan(0.001);
    expect(wasm.forwardBackwardGflops).toBeGreaterThan(0.001);
  });
});
