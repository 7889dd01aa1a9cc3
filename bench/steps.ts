/**
 * Whole steps of the trainings as the activities run them, over the network's own time in them: reading windows,
 * drawing changes, guards and reading numbers back are what is left. The network's time is that of the same recorded
 * calls, forward and backward passes and Adam, made again over tensors that are ready, in turn with the steps.
 * `--sizes tiny,small,paper` chooses (default: the first two), `--trainings`, `--threads` the threads of TensorFlow,
 * `--seconds` is for each row.
 */
import { selectTensorBackend } from '../runtime/tensors.ts';
import { benchOptions, positiveNumber, someOf, threadsOf } from './shared/bench-options.ts';
import { type BenchSize, benchSizes } from './shared/networks.ts';
import { caughtCalls, namesOfCalls } from './steps/recorded-calls.ts';
import { type TrainingName, timedTraining, trainingNames } from './steps/trainings.ts';

interface StepsRow {
  readonly size: BenchSize;
  readonly training: TrainingName;
  readonly rounds: number;
  /** Medians in milliseconds, of a step and of the recorded calls in it; of processor time over all threads. */
  readonly stepMs: number;
  readonly networkMs: number;
  readonly stepCpuMs: number;
  readonly networkCpuMs: number;
  /** 1 is a step that is nothing but network. */
  readonly stepOverNetwork: number;
  readonly cpuOverNetwork: number;
}

/** Milliseconds by the clock, and of processor time over all threads. */
interface Timing {
  readonly ms: number;
  readonly cpuMs: number;
}

const MIN_ROUNDS = 3;
const MAX_ROUNDS = 200;
/**
 * Calls are recorded, then checked at the 2nd, 4th, 8th, 16th: with one or with four of a kind a step, the step after
 * these is a usual one.
 */
const WARM_UP_STEPS = 6;

async function timed(run: () => void | Promise<void>): Promise<Timing> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await run();
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return { ms, cpuMs: (user + system) / 1000 };
}

/**
 * Only steps that make the same calls as the one that was caught count: now and then a recording is checked, or
 * gradients that waited are applied.
 */
async function measure(size: BenchSize, training: TrainingName, seconds: number): Promise<StepsRow> {
  const { step, dispose } = await timedTraining(training, size);
  for (let warmUp = 0; warmUp < WARM_UP_STEPS; warmUp++) await step();
  const calls = await caughtCalls(step);
  const steps: Timing[] = [];
  const networks: Timing[] = [];
  const end = performance.now() + 1000 * seconds;
  while (steps.length < MIN_ROUNDS || (steps.length < MAX_ROUNDS && performance.now() < end)) {
    let timing: Timing | undefined;
    const kind = await namesOfCalls(async () => {
      timing = await timed(step);
    });
    if (kind !== calls.names) continue;
    steps.push(timing!);
    networks.push(await timed(() => calls.repeat()));
  }
  calls.dispose();
  await dispose();
  const [whole, network] = [medianOf(steps), medianOf(networks)];
  return {
    size,
    training,
    rounds: steps.length,
    stepMs: rounded(whole.ms, 1),
    networkMs: rounded(network.ms, 1),
    stepCpuMs: rounded(whole.cpuMs, 1),
    networkCpuMs: rounded(network.cpuMs, 1),
    stepOverNetwork: rounded(whole.ms / network.ms, 3),
    cpuOverNetwork: rounded(whole.cpuMs / network.cpuMs, 3),
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

const values = benchOptions({
  json: { type: 'boolean' },
  sizes: { type: 'string', default: 'tiny,small' },
  trainings: { type: 'string', default: trainingNames.join(',') },
  threads: { type: 'string' },
  seconds: { type: 'string', default: '10' },
});
const { name, device } = await selectTensorBackend(threadsOf(values.threads));
const rows: StepsRow[] = [];
for (const size of someOf('--sizes', values.sizes, benchSizes)) {
  for (const training of someOf('--trainings', values.trainings, trainingNames))
    rows.push(await measure(size, training, positiveNumber('--seconds', values.seconds)));
}
if (values.json) console.log(JSON.stringify({ backend: name, device, rows }));
else console.table(rows);
