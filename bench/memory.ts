/**
 * Peak memory of the network at full size, the published configuration on a window of 512 x 448 x 4: each figure is the
 * largest resident size of a process of its own, Node and TensorFlow included.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { disposeGradients } from '../method/networks/gradients.ts';
import { moduleCommand } from '../runtime/installation.ts';
import { selectTensorBackend } from '../runtime/tensors.ts';
import { benchNetwork, benchWindow, gridOf, ppoWindow } from './shared/networks.ts';

interface MemoryBenchRow {
  readonly what: string;
  readonly peakGigabytes: number;
  readonly seconds: number;
}

/** Each makes what it needs and gives the work itself. */
const measurements: Readonly<Record<string, () => () => void>> = {
  'TensorFlow alone': () => () => tf.tidy(() => tf.add(tf.ones([8]), 1).dataSync()),
  forward: () => {
    const net = benchNetwork('paper', {}, 0);
    const x = benchWindow('paper');
    return () => tf.dispose(net.forward(x));
  },
  'forward and backward': () => {
    const net = benchNetwork('paper', {}, 0);
    const x = benchWindow('paper');
    const onGradient: tf.Tensor5D = tf.fill([1, ...gridOf('paper'), 3], 1e-6);
    return () => {
      const pass = net.forwardForTraining(x);
      disposeGradients(pass.backward([onGradient]));
      pass.dispose();
    };
  },
  'PPO update of a window': () => ppoWindow('paper').update,
};

/**
 * Every work is done twice or, as the update does, repeats itself: memory that is not given back shows in the second
 * round.
 */
function measure(what: string): MemoryBenchRow {
  const run = measurements[what]!();
  if (!what.startsWith('PPO')) run();
  const start = performance.now();
  run();
  const seconds = Math.round((performance.now() - start) / 100) / 10;
  const kibibytes = Number(/VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))![1]);
  return { what, peakGigabytes: Math.round(kibibytes * 1.024e-4) / 100, seconds };
}

function measureApart(what: string): MemoryBenchRow {
  const { command, args } = moduleCommand('bench/memory', ['--measure', what]);
  return JSON.parse(execFileSync(command, args, { encoding: 'utf8' }));
}

const { values } = parseArgs({ options: { json: { type: 'boolean' }, measure: { type: 'string' } } });
if (values.measure) {
  await selectTensorBackend();
  console.log(JSON.stringify(measure(values.measure)));
} else {
  const rows = Object.keys(measurements).map(measureApart);
  if (values.json) console.log(JSON.stringify({ rows }));
  else console.table(rows);
}
