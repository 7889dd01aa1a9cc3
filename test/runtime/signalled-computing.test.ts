/** Signals that come while TensorFlow computes, as a worker's do that is drained, profiled or has children. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { loaderArguments } from '../../runtime/installation.ts';
import { readTensorSetup } from '../../runtime/provision/tensorflow.ts';

const native = (await readTensorSetup())?.state === 'native';
const SIGNALS_EVERY_MS = 2;

/** What the process says at its end. */
interface Report {
  readonly heard: number;
  readonly samples: number;
  /** Threads that it began with TensorFlow, and those among them that take signals. */
  readonly begun: number;
  readonly takingSignals: number;
}

it.skipIf(!native || process.platform === 'win32')(
  'leave the memory of TensorFlow alone and are heard',
  async () => {
    const file = fileURLToPath(new URL('./signalled-computing.ts', import.meta.url));
    const child = fork(file, {
      execArgv: loaderArguments(file),
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    let report: Report | undefined;
    const end = once(child, 'exit');
    child.once('message', () => {
      const sending = setInterval(() => child.kill('SIGUSR2'), SIGNALS_EVERY_MS);
      child.once('exit', () => clearInterval(sending));
      child.once('message', (message: Report) => {
        clearInterval(sending);
        report = message;
        child.send('end');
      });
    });
    expect(await end).toEqual([0, null]);
    expect(report).toMatchObject({ takingSignals: 0 });
    expect(report!.heard).toBeGreaterThan(0);
    expect(report!.samples).toBeGreaterThan(0);
    if (process.platform === 'linux') expect(report!.begun).toBeGreaterThan(0);
  },
);
