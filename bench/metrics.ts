/**
 * Speed of the metrics: one video of 512 x 448 x 60 scored on one thread, side by side with scipy and scikit-image
 * where a Python with them is found (bench/scipy_metrics.py, which also checks that both find the same values), and how
 * time grows with pixels.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type LabelVideo, labelFrame } from '../imaging/image.ts';
import { anatomicalCriteria } from '../metrics/anatomy.ts';
import { compareMitralValve } from '../metrics/mitral-valve.ts';
import { scoreVideo } from '../metrics/score-video.ts';
import { temporalMeasures } from '../metrics/temporal.ts';
import { beatingHeart } from './shared/beating-heart.ts';
import { benchOptions } from './shared/bench-options.ts';

const size = { frames: 60, rows: 512, columns: 448 };
const sides = [128, 256, 512];

export interface MetricsBench {
  readonly size: string;
  /** All measures of a video with a reference, the clinical ones included. */
  readonly ours: { readonly wallMs: number; readonly cpuMs: number };
  /** The same but for the clinical measures; or why it was not run. */
  readonly python: PythonRun | { readonly missing: string };
  readonly timesFaster?: number;
  readonly growth: readonly { readonly side: number; readonly frames: number; readonly nsPerPixel: number }[];
}

interface PythonRun {
  readonly versions: string;
  readonly wallMs: number;
  readonly cpuMs: number;
  /** Greatest relative difference of any value between the two. */
  readonly greatestDifference: number;
}

/** Measured with nothing else running in this process; `python` is the command or path of an interpreter. */
export async function benchMetrics(python = 'python3'): Promise<MetricsBench> {
  const prediction = beatingHeart(size, 0.02);
  const reference = beatingHeart(size, 0);
  const ours = bestOf(5, () => scoreVideo('bench', prediction, reference));
  const theirs = await runPython(python, prediction, reference);
  const growth = sides.map((side) => {
    // The same number of pixels a row of the table, so that all are as warm and as large in memory.
    const frames = 2 ** 21 / side ** 2;
    const grid = { frames, rows: side, columns: side };
    const [first, second] = [beatingHeart(grid, 0.02), beatingHeart(grid, 0)];
    const { cpuMs } = bestOf(3, () => scoreVideo('bench', first, second));
    return { side, frames, nsPerPixel: round((1e6 * cpuMs) / (frames * side * side), 1) };
  });
  return {
    size: `${size.rows} x ${size.columns} x ${size.frames}`,
    ours,
    python: theirs,
    ...('cpuMs' in theirs && { timesFaster: round(theirs.cpuMs / ours.cpuMs, 1) }),
    growth,
  };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/** The fastest of several runs after one to warm up, by the time that the processor worked. */
function bestOf(repeats: number, run: () => void): { wallMs: number; cpuMs: number } {
  run();
  let best = { wallMs: Number.POSITIVE_INFINITY, cpuMs: Number.POSITIVE_INFINITY };
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    const cpuMs = (user + system) / 1000;
    if (cpuMs < best.cpuMs) best = { wallMs: round(performance.now() - start, 1), cpuMs: round(cpuMs, 1) };
  }
  return best;
}

async function runPython(
  python: string,
  prediction: LabelVideo,
  reference: LabelVideo,
): Promise<PythonRun | { missing: string }> {
  const execute = promisify(execFile);
  try {
    await execute(python, ['-c', 'import scipy, skimage']);
  } catch {
    return {
      missing: `${python} has no scipy and scikit-image, or is not there: name a Python that has both in the environment variable PYTHON`,
    };
  }
  const folder = await mkdtemp(join(tmpdir(), 'echoloop-bench-'));
  try {
    const masks = join(folder, 'masks');
    await writeFile(masks, Buffer.concat([prediction.labels, reference.labels]));
    const script = fileURLToPath(new URL('scipy_metrics.py', import.meta.url));
    const numbers = [size.frames, size.rows, size.columns, ...prediction.spacingMm].map(String);
    const { stdout } = await execute(python, [script, masks, ...numbers], { maxBuffer: 1 << 26 });
    const { versions, wallMs, cpuMs, values } = JSON.parse(stdout);
    const greatestDifference = difference(valuesOf(prediction, reference), values);
    return { versions, wallMs: round(wallMs, 1), cpuMs: round(cpuMs, 1), greatestDifference };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the Python script prints, from our measures. */
function valuesOf(prediction: LabelVideo, reference: LabelVideo): Record<string, unknown> {
  const { dice, hausdorffMm } = scoreVideo('bench', prediction, reference);
  const valve = compareMitralValve(prediction, reference);
  const measured = temporalMeasures(prediction);
  const inner = (values: Float64Array | undefined) => Array.from(values ?? []).slice(1, -1);
  return {
    dice: [dice!.lv, dice!.myo, dice!.epi],
    hausdorffMm: [hausdorffMm!.lv, hausdorffMm!.myo, hausdorffMm!.epi],
    criteria: Array.from({ length: prediction.frames }, (_, t) =>
      Object.values(anatomicalCriteria(labelFrame(prediction, t))).map(Number),
    ),
    attributes: [
      measured.lvArea,
      measured.myoArea,
      measured.lvBaseWidth,
      measured.lvLength,
      measured.epiCenterX,
      measured.epiCenterY,
    ].map((values) => Array.from(values ?? [])),
    neighbourMm: [inner(measured.hausdorffMyo), inner(measured.hausdorffEpi)],
    valvePixels: valve.distances.flatMap((pair) => [pair!.left, pair!.right]),
    valleys: valve.cycles.valleys,
  };
}

/** Greatest relative difference of two nested lists or records of the same form; infinite where the form differs. */
function difference(ours: unknown, theirs: unknown): number {
  if (typeof ours === 'number' && typeof theirs === 'number') {
    return Math.abs(ours - theirs) / Math.max(1, Math.abs(theirs));
  }
  if (typeof ours !== 'object' || typeof theirs !== 'object' || ours === null || theirs === null) {
    return Number.POSITIVE_INFINITY;
  }
  const [a, b] = [Object.entries(ours), new Map(Object.entries(theirs))];
  if (a.length !== b.size) return Number.POSITIVE_INFINITY;
  return a.reduce((most, [key, value]) => Math.max(most, difference(value, b.get(key))), 0);
}

function print(bench: MetricsBench): void {
  const { ours, python, timesFaster, growth } = bench;
  console.log(`All measures of one ${bench.size} video, one thread:`);
  console.log(`  echoloop  ${ours.cpuMs} ms of processor time, ${ours.wallMs} ms passed`);
  if ('missing' in python) console.log(`  python    not compared: ${python.missing}`);
  else {
    console.log(`  python    ${python.cpuMs} ms of processor time, ${python.wallMs} ms passed`);
    console.log(`            ${python.versions}`);
    console.log(
      `  ${timesFaster} times faster; greatest relative difference of a value ${python.greatestDifference}`,
    );
  }
  console.log('Growth with pixels:');
  console.table(growth);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const values = benchOptions({ json: { type: 'boolean' } });
  const bench = await benchMetrics(process.env.PYTHON);
  if (values.json) console.log(JSON.stringify(bench));
  else print(bench);
}
