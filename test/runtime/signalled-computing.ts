/**
 * A process that computes gradients of convolutions while a profiler stops it ten thousand times a second and another
 * process sends it SIGUSR2. These shapes make oneDNN keep its buffer on the heap. Says at its end what it heard of the
 * signals, and which of TensorFlow's threads would take one.
 */
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { constants } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import { recorded } from '../../recorded/recorded.ts';
import { selectTensorBackend } from '../../runtime/tensors.ts';

const CALLS = 50;
const TASKS = '/proc/self/task';

function threads(): string[] {
  return process.platform === 'linux' ? readdirSync(TASKS) : [];
}

/** Whether a thread takes SIGUSR2: Linux lists the signals that it blocks as bits, the first signal lowest. */
function takesSignals(thread: string): boolean {
  const status = readFileSync(`${TASKS}/${thread}/status`, 'utf8');
  const blocked = BigInt(`0x${/^SigBlk:\s*(\w+)$/m.exec(status)![1]}`);
  return (blocked & (1n << BigInt(constants.signals.SIGUSR2 - 1))) === 0n;
}

let heard = 0;
process.on('SIGUSR2', () => {
  heard++;
});
// Node begins the threads that read files at the first use.
await stat('.');
const before = new Set(threads());
await selectTensorBackend({ threads: 1, prefer: 'native-cpu' });
const image: tf.Tensor5D = tf.randomUniform([1, 2, 24, 24, 32], 0, 1, 'float32', 0);
const filter: tf.Tensor5D = tf.randomUniform([3, 3, 3, 32, 32], 0, 1, 'float32', 1);
const gradient = recorded('gradient', (x: tf.Tensor5D, w: tf.Tensor5D) =>
  tf.grad((v) => tf.sum(tf.conv3d(x, v as tf.Tensor5D, 1, 'same')))(w),
);
const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.setSamplingInterval', { interval: 100 });
await session.post('Profiler.start');
process.send!('computing');
for (let call = 0; call < CALLS; call++) {
  gradient(image, filter).dispose();
  await setImmediate();
}
const { profile } = await session.post('Profiler.stop');
const begun = threads().filter((thread) => !before.has(thread));
process.send!({
  heard,
  samples: profile.samples?.length ?? 0,
  begun: begun.length,
  takingSignals: begun.filter(takesSignals).length,
});
// Signals that come when Node has taken its handlers down would end the process.
await once(process, 'message');
process.disconnect();
