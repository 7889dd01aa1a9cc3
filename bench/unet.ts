/**
 * Speed of the U-Net: forward, forward with gradients, a step of supervised training, and the PPO update of a window.
 * With `--pytorch PYTHON`, an interpreter that has torch, the same passes of bench/pytorch_unet.py run in turn with
 * these, on the same device, so that both meet the machine in the same state; with `--eager` the same operations,
 * unrecorded; `--xla` compiles them, `--torch-compile` PyTorch's side. `--sizes tiny,small,paper` chooses (default: the
 * first two), `--threads 1,2` gives each count its process, and `--seconds` is for each row.
 */
import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as tf from '@tensorflow/tfjs-core';
import { disposeGradients } from '../method/networks/gradients.ts';
import { compileSteps, recorded, recordSteps } from '../recorded/recorded.ts';
import { codeRoot, moduleCommand } from '../runtime/installation.ts';
import { selectTensorBackend } from '../runtime/tensors.ts';
import { benchOptions, positiveNumber, someOf, wholeNumbers } from './shared/bench-options.ts';
import {
  type BenchSize,
  benchNetwork,
  benchSizes,
  benchWindow,
  gridOf,
  ppoWindow,
  supervisedStep,
} from './shared/networks.ts';

const passNames = ['forward', 'training', 'step', 'ppo'] as const;
type Pass = (typeof passNames)[number];

interface UNetBenchRow {
  readonly threads: number;
  readonly size: string;
  readonly pass: Pass;
  readonly rounds: number;
  /** Medians in milliseconds. */
  readonly ms: number;
  readonly cpuMs: number;
  readonly eagerMs?: number;
  readonly eagerCpuMs?: number;
  /** Below 1 is faster recorded. */
  readonly overEager?: number;
  readonly cpuOverEager?: number;
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
/** Of a recorded step: recording, checking it, running it for the first time, and checking it again. */
const WARM_UP_ROUNDS = 4;

type PyTorch = (size: BenchSize, pass: Pass) => Promise<Timing>;

function startPyTorch(
  python: string,
  threads: number,
  device: 'cpu' | 'cuda',
  compile: boolean,
): { run: PyTorch; stop: () => void } {
  const script = join(codeRoot, 'bench/pytorch_unet.py');
  const args = [script, String(threads), device, ...(compile ? ['compile'] : [])];
  const child = spawn(python, args, { stdio: ['pipe', 'pipe', 'inherit'] });
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
  const gradientsOf = recorded('forward and backward', (window: tf.Tensor5D, byLogits: tf.Tensor5D) => {
    const pass = net.forwardForTraining(window);
    const gradients = pass.backward([byLogits]);
    pass.dispose();
    return gradients;
  });
  const step = supervisedStep(size);
  const ppo = ppoWindow(size);
  return {
    run: {
      // Every pass ends with a number on the host: the back end may compute later than it is asked.
      forward: () => {
        const logits = net.forward(x);
        logits.dataSync();
        logits.dispose();
      },
      training: () => {
        const gradients = gradientsOf(x, onGradient);
        gradients.get('input_block.conv1.conv.weight')!.dataSync();
        disposeGradients(gradients);
      },
      step: step.run,
      ppo: ppo.update,
    },
    dispose: () => {
      for (const part of [ppo, step, gradientsOf, net]) part.dispose();
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
  for (const pass of passNames) {
    // That one takes minutes on a processor at full size.
    if (size === 'paper' && pass === 'ppo' && name !== 'native-gpu') continue;
    const run = passes.run[pass];
    // PyTorch's side has no supervised step.
    const other = pytorch && pass !== 'step' ? () => pytorch(size, pass) : undefined;
    // The first rounds record, and warm up.
    for (let round = 0; round < WARM_UP_ROUNDS; round++) run();
    await other?.();
    rows.push(rowOf(size, pass, await timeInTurn(run, other, seconds)));
  }
  passes.dispose();
  return rows;
}

/**
 * Rounds of a pass, of the same without recorded steps where that is asked for, and of PyTorch's, one after the other.
 */
async function timeInTurn(
  run: () => void,
  other: (() => Promise<Timing>) | undefined,
  seconds: number,
): Promise<Timings> {
  const timings: Timings = { own: [], eager: [], pytorch: [] };
  const end = performance.now() + 1000 * seconds;
  while (timings.own.length < MIN_ROUNDS || (timings.own.length < MAX_ROUNDS && performance.now() < end)) {
    timings.own.push(timed(run));
    if (values.eager) {
      recordSteps(false);
      timings.eager.push(timed(run));
      recordSteps(true);
    }
    if (other) timings.pytorch.push(await other());
  }
  return timings;
}

interface Timings {
  readonly own: Timing[];
  readonly eager: Timing[];
  readonly pytorch: Timing[];
}

function rowOf(size: string, pass: Pass, timings: Timings): UNetBenchRow {
  const own = medianOf(timings.own)!;
  const eager = medianOf(timings.eager);
  const pytorch = medianOf(timings.pytorch);
  return {
    ...{ threads, size, pass, rounds: timings.own.length },
    ...{ ms: rounded(own.ms, 1), cpuMs: rounded(own.cpuMs, 1) },
    ...(eager && {
      eagerMs: rounded(eager.ms, 1),
      eagerCpuMs: rounded(eager.cpuMs, 1),
      overEager: rounded(own.ms / eager.ms, 2),
      cpuOverEager: rounded(own.cpuMs / eager.cpuMs, 2),
    }),
    ...(pytorch && {
      pytorchMs: rounded(pytorch.ms, 1),
      pytorchCpuMs: rounded(pytorch.cpuMs, 1),
      ratio: rounded(own.ms / pytorch.ms, 2),
      cpuRatio: rounded(own.cpuMs / pytorch.cpuMs, 2),
    }),
  };
}

function medianOf(timings: readonly Timing[]): Timing | undefined {
  if (timings.length === 0) return undefined;
  const median = (field: keyof Timing) =>
    timings.map((timing) => timing[field]).sort((a, b) => a - b)[timings.length >> 1]!;
  return { ms: median('ms'), cpuMs: median('cpuMs') };
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function print(result: { backend: string; device: string; rows: readonly UNetBenchRow[] }): void {
  if (values.json) console.log(JSON.stringify(result));
  else console.table(result.rows);
}

/** The same benchmark in a process for each count of threads: a process has one. */
function runForEach(counts: readonly string[]): void {
  const args = process.argv
    .slice(2)
    .filter((arg, index, all) => arg !== '--threads' && all[index - 1] !== '--threads');
  const results = counts.map((count) => {
    const child = moduleCommand('bench/unet', [...args, '--json', '--threads', count]);
    const output = execFileSync(child.command, child.args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      encoding: 'utf8',
    });
    return JSON.parse(output) as Parameters<typeof print>[0];
  });
  print({ ...results[0]!, rows: results.flatMap(({ rows }) => rows) });
}

const values = benchOptions({
  json: { type: 'boolean' },
  pytorch: { type: 'string' },
  eager: { type: 'boolean' },
  xla: { type: 'boolean', default: false },
  'torch-compile': { type: 'boolean', default: false },
  sizes: { type: 'string', default: 'tiny,small' },
  threads: { type: 'string' },
  seconds: { type: 'string', default: '10' },
});
const counts = values.threads === undefined ? [] : wholeNumbers('--threads', values.threads);
if (counts.length > 1) {
  runForEach(counts.map(String));
  process.exit();
}
const { name, device, threads } = await selectTensorBackend(
  counts[0] === undefined ? {} : { threads: counts[0] },
);
const pytorch =
  values.pytorch === undefined
    ? undefined
    : startPyTorch(values.pytorch, threads, name === 'native-gpu' ? 'cuda' : 'cpu', values['torch-compile']);
compileSteps(values.xla);
const chosen = someOf('--sizes', values.sizes, benchSizes);
const rows: UNetBenchRow[] = [];
for (const size of chosen)
  rows.push(...(await compare(size, pytorch?.run, positiveNumber('--seconds', values.seconds))));
pytorch?.stop();
print({ backend: name, device, rows });
