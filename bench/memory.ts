/**
 * Peak memory of the network at full size, the published configuration on a window of 512 x 448 x 4: each figure is the
 * largest resident size of a process of its own, Node and TensorFlow included. `--eager` runs the same operations
 * unrecorded; `--only NAME` one of the measurements.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { moduleCommand } from '../runtime/installation.ts';
import { selectTensorBackend } from '../runtime/tensors.ts';
import { benchOptions, someOf } from './shared/bench-options.ts';
import { benchNetwork, benchWindow, ppoWindow, supervisedStep } from './shared/networks.ts';

interface MemoryBenchRow {
  readonly what: string;
  readonly peakGigabytes: number;
  /** Of the last time, by the clock and of processor time. */
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/** Each makes what it needs and gives the work itself. */
const measurements: Readonly<Record<string, () => () => void>> = {
  'TensorFlow alone': () => () => tf.tidy(() => tf.add(tf.ones([8]), 1).dataSync()),
  forward: () => {
    const net = benchNetwork('paper', {}, 0);
    const x = benchWindow('paper');
    return () => tf.dispose(net.forward(x));
  },
  'training step': () => supervisedStep('paper').run,
  'PPO update of a window': () => ppoWindow('paper').update,
};

/** The first two times record and check what the third one runs as a recording; the update does so by itself. */
const ROUNDS = 3;

function measure(what: string): MemoryBenchRow {
  const run = measurements[what]!();
  if (!what.startsWith('PPO')) for (let round = 1; round < ROUNDS; round++) run();
  const cpu = process.cpuUsage();
  const start = performance.now();
  run();
  const seconds = rounded((performance.now() - start) / 1000);
  const { user, system } = process.cpuUsage(cpu);
  const kibibytes = Number(/VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))![1]);
  const peakGigabytes = Math.round(kibibytes * 1.024e-4) / 100;
  return { what, peakGigabytes, seconds, cpuSeconds: rounded((user + system) / 1e6) };
}

function rounded(seconds: number): number {
  return Number(seconds.toFixed(1));
}

function measureApart(what: string): MemoryBenchRow {
  const eager = values.eager ? ['--eager'] : [];
  const { command, args } = moduleCommand('bench/memory', ['--measure', what, ...eager]);
  return JSON.parse(execFileSync(command, args, { encoding: 'utf8' }));
}

const values = benchOptions({
  json: { type: 'boolean' },
  eager: { type: 'boolean', default: false },
  only: { type: 'string' },
  measure: { type: 'string' },
});
if (values.measure) {
  await selectTensorBackend({ eager: values.eager });
  console.log(JSON.stringify(measure(values.measure)));
} else {
  const known = Object.keys(measurements);
  const rows = (values.only === undefined ? known : someOf('--only', values.only, known)).map(measureApart);
  if (values.json) console.log(JSON.stringify({ rows }));
  else console.table(rows);
}
