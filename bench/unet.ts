/**
 * Speed of the U-Net: forward, forward with gradients, and the PPO update of a window. With `--pytorch PYTHON`, an interpreter that
 * has torch, the same passes of bench/pytorch_unet.py run in turn with these, on the same device, so that both meet the machine
 * in the same state. `--sizes tiny,small,paper` chooses (default: the first two), `--threads 1` makes the processor time of both
 * sides comparable on a busy machine, and `--seconds` is for each row.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { disposeGradients } from '../method/networks/gradients.ts';
import { codeRoot } from '../runtime/installation.ts';
import { selectTensorBackend } from '../runtime/tensors.ts';
import {
  type BenchSize,
  benchNetwork,
  benchSizes,
  benchWindow,
  gridOf,
  ppoWindow,
} from './shared/networks.ts';

type Pass = 'forward' | 'training' | 'ppo';

interface UNetBenchRow {
  readonly size: string;
  readonly pass: Pass;
  readonly rounds: number;
  /** Medians in milliseconds. */
  readonly ms: number;
  readonly cpuMs: number;
  readonly pytorchMs?: number;
  readonly pytorchCpuMs?: number;
  /** Below 1 is faster than PyTorch. */
  readonly ratio?: number;
  readonly cpuRatio?: number;
}

/** Milliseconds by the clock, and of processor time over all threads. */
interface Timing {
  readonly ms: number;
  readonly cpuMs: number;
}

const MAX_ROUNDS = 60;
const MIN_ROUNDS = 2;

type PyTorch = (size: BenchSize, pass: Pass) => Promise<Timing>;

function startPyTorch(
  python: string,
  threads: number,
  device: 'cpu' | 'cuda',
): { run: PyTorch; stop: () => void } {
  const script = join(codeRoot, 'bench/pytorch_unet.py');
  const child = spawn(python, [script, String(threads), device], { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    run: async (size, pass) => {
      child.stdin.write(`${size} ${pass}\n`);
      const { value, done } = await answers.next();
      if (done) throw new Error('The PyTorch side has ended; what it wrote to standard error says why.');
      const [ms, cpuMs] = value.split(' ').map(Number) as [number, number];
      return { ms, cpuMs };
    },
    stop: () => child.stdin.end(),
  };
}

/** The passes of one size, and what frees them. */
function passesOf(size: BenchSize): { run: Readonly<Record<Pass, () => void>>; dispose: () => void } {
  const net = benchNetwork(size, {}, 0);
  const x = benchWindow(size);
  const onGradient: tf.Tensor5D = tf.fill([1, ...gridOf(size), 3], 1e-4);
  const { update, dispose } = ppoWindow(size);
  return {
    run: {
      // Every pass ends with a number on the host: the back end may compute later than it is asked.
      forward: () => {
        const logits = net.forward(x);
        logits.dataSync();
        logits.dispose();
      },
      training: () => {
        const pass = net.forwardForTraining(x);
        const gradients = pass.backward([onGradient]);
        gradients.get('input_block.conv1.conv.weight')!.dataSync();
        disposeGradients(gradients);
        pass.dispose();
      },
      ppo: update,
    },
    dispose: () => {
      dispose();
      net.dispose();
      tf.dispose([x, onGradient]);
    },
  };
}

function timed(run: () => void): Timing {
  const cpu = process.cpuUsage();
  const start = performance.now();
  run();
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return { ms, cpuMs: (user + system) / 1000 };
}

async function compare(
  size: BenchSize,
  pytorch: PyTorch | undefined,
  seconds: number,
): Promise<UNetBenchRow[]> {
  const passes = passesOf(size);
  const rows: UNetBenchRow[] = [];
  for (const pass of ['forward', 'training', 'ppo'] as const) {
    // That one takes minutes on a processor at full size.
    if (size === 'paper' && pass === 'ppo' && name !== 'native-gpu') continue;
    // The first round warms up.
    passes.run[pass]();
    await pytorch?.(size, pass);
    const own: Timing[] = [];
    const other: Timing[] = [];
    const end = performance.now() + 1000 * seconds;
    while (own.length < MIN_ROUNDS || (own.length < MAX_ROUNDS && performance.now() < end)) {
      own.push(timed(passes.run[pass]));
      if (pytorch) other.push(await pytorch(size, pass));
    }
    rows.push(rowOf(size, pass, own, other));
  }
  passes.dispose();
  return rows;
}

function rowOf(size: string, pass: Pass, own: readonly Timing[], pytorch: readonly Timing[]): UNetBenchRow {
  const { ms, cpuMs } = medianOf(own);
  const row = { size, pass, rounds: own.length, ms: rounded(ms, 1), cpuMs: rounded(cpuMs, 1) };
  if (pytorch.length === 0) return row;
  const other = medianOf(pytorch);
  return {
    ...row,
    pytorchMs: rounded(other.ms, 1),
    pytorchCpuMs: rounded(other.cpuMs, 1),
    ratio: rounded(ms / other.ms, 2),
    cpuRatio: rounded(cpuMs / other.cpuMs, 2),
  };
}

function medianOf(timings: readonly Timing[]): Timing {
  const median = (field: keyof Timing) =>
    timings.map((timing) => timing[field]).sort((a, b) => a - b)[timings.length >> 1]!;
  return { ms: median('ms'), cpuMs: median('cpuMs') };
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    pytorch: { type: 'string' },
    sizes: { type: 'string', default: 'tiny,small' },
    threads: { type: 'string' },
    seconds: { type: 'string', default: '10' },
  },
});
const { name, device, threads } = await selectTensorBackend(
  values.threads === undefined ? {} : { threads: Number(values.threads) },
);
const pytorch =
  values.pytorch === undefined
    ? undefined
    : startPyTorch(values.pytorch, threads, name === 'native-gpu' ? 'cuda' : 'cpu');
const chosen = benchSizes.filter((size) => values.sizes.split(',').includes(size));
const rows: UNetBenchRow[] = [];
for (const size of chosen) rows.push(...(await compare(size, pytorch?.run, Number(values.seconds))));
pytorch?.stop();
if (values.json) console.log(JSON.stringify({ backend: name, device, rows }));
else console.table(rows);
