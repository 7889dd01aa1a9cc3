/**
 * How fast videos are segmented from a loaded model, the whole path: reading the file, preparing it, predicting, the
 * mask back on the file's grid and encoded. With `--live` windows of four frames one after the other, as a stream would
 * bring them, read from memory. `--sizes tiny,small,paper` chooses (default: the first two), `--threads` the threads of
 * TensorFlow, `--seconds` is for each row.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readVideoFile } from '../app/datasets/read-recording.ts';
import { segmentVideo } from '../app/segmentation/segment-video.ts';
import { presets } from '../contracts/presets.ts';
import { InferenceSchema, OptimisationSchema, PreprocessingSchema } from '../contracts/run-config.ts';
import { writeGreyNifti, writeLabelNifti } from '../datasets/nifti.ts';
import { generatePhantom } from '../datasets/phantom/phantom.ts';
import { preprocess } from '../datasets/preprocessing.ts';
import type { GreyVideo } from '../imaging/image.ts';
import { gridAtSpacing, resampleGreyTo } from '../imaging/resample.ts';
import { segmentPrepared } from '../method/inference/segment-prepared.ts';
import type { UNet3D } from '../method/networks/unet3d.ts';
import { selectTensorBackend } from '../runtime/tensors.ts';
import { benchOptions, positiveNumber, someOf, threadsOf } from './shared/bench-options.ts';
import { type BenchSize, benchNetwork, benchSizes } from './shared/networks.ts';

interface SegmentingRow {
  readonly size: BenchSize;
  /** Frames, rows and columns of the file, and rows and columns that the network sees. */
  readonly video: string;
  readonly grid: string;
  readonly rounds: number;
  readonly framesPerSecond: number;
  /** The rest are medians in milliseconds: of a video of so many frames, or of a window of four. By the clock: */
  readonly ms: number;
  /** Processor time over all threads, as of the stages that follow. */
  readonly cpuMs: number;
  readonly [stage: string]: string | number;
}

/** Pixel size of the files, mm: what a scanner writes, about three times as fine as phantoms are drawn. */
const FILE_SPACING_MM = 0.37;
const MIN_ROUNDS = 3;
/** Recording, checking it, running it for the first time, and checking it again. */
const WARM_UP_ROUNDS = 4;
const WINDOW_FRAMES = 4;

type Stages = Record<string, number>;

function phantomVideo(): GreyVideo {
  const { image } = generatePhantom({ domain: 'target', seed: 1, index: 0 });
  return resampleGreyTo(image, gridAtSpacing(image, FILE_SPACING_MM));
}

function settingsOf(size: BenchSize) {
  return {
    preprocessing: PreprocessingSchema.parse(presets[size].preprocessing ?? {}),
    inference: InferenceSchema.parse(presets[size].inference ?? {}),
    optimisation: OptimisationSchema.parse(presets[size].optimisation ?? {}),
  };
}

/** What `segmentFile` does without its overlay, stage by stage. */
async function segmentStages(file: string, policy: UNet3D, size: BenchSize): Promise<Stages> {
  const { preprocessing, inference } = settingsOf(size);
  const times: number[] = [cpuTime()];
  const lap = () => times.push(cpuTime());
  const { video } = await readVideoFile(file);
  lap();
  const prepared = preprocess(video, preprocessing);
  lap();
  let networkMs = 0;
  const timedPolicy = {
    config: policy.config,
    forward: (x: Parameters<UNet3D['forward']>[0]) => {
      const start = cpuTime();
      const logits = policy.forward(x);
      networkMs += cpuTime() - start;
      return logits;
    },
  };
  let restoreMs = 0;
  const restoring =
    <From, To>(restore: (from: From) => To) =>
    (from: From): To => {
      const start = cpuTime();
      const restored = restore(from);
      restoreMs += cpuTime() - start;
      return restored;
    };
  const timed = {
    ...prepared,
    restoreLabels: restoring(prepared.restoreLabels),
    restoreFrame: restoring(prepared.restoreFrame),
  };
  const { labels } = segmentPrepared(timedPolicy, timed, inference);
  lap();
  writeLabelNifti(labels, video.layout);
  lap();
  const [read, prepare, segment, write] = times.slice(1).map((time, i) => time - times[i]!);
  return {
    read: read!,
    prepare: prepare!,
    predict: segment! - restoreMs,
    ofItNetwork: networkMs,
    restore: restoreMs,
    write: write!,
  };
}

interface Rounds {
  readonly ms: number[];
  readonly cpuMs: number[];
  readonly stages: Stages[];
}

async function measure(seconds: number, run: (round: number) => Promise<Stages> | Stages): Promise<Rounds> {
  const rounds: Rounds = { ms: [], cpuMs: [], stages: [] };
  for (let round = 0; round < WARM_UP_ROUNDS; round++) await run(round);
  const end = performance.now() + 1000 * seconds;
  for (let round = 0; round < MIN_ROUNDS || performance.now() < end; round++) {
    const cpu = cpuTime();
    const start = performance.now();
    const stages = await run(round);
    rounds.ms.push(performance.now() - start);
    rounds.cpuMs.push(cpuTime() - cpu);
    rounds.stages.push(stages);
  }
  return rounds;
}

function rowOf(
  size: BenchSize,
  video: GreyVideo,
  frames: number,
  { ms, cpuMs, stages }: Rounds,
): SegmentingRow {
  const { rows, columns } = preprocess(
    { ...video, frames: 1, intensities: video.intensities.slice(0, video.rows * video.columns) },
    settingsOf(size).preprocessing,
  ).video;
  const middle = Object.keys(stages[0]!).map(
    (stage) => [stage, rounded(medianOf(stages.map((round) => round[stage]!)))] as const,
  );
  return {
    size,
    video: `${frames} x ${video.rows} x ${video.columns}`,
    grid: `${rows} x ${columns}`,
    rounds: ms.length,
    framesPerSecond: rounded((1000 * frames) / medianOf(ms)),
    ms: rounded(medianOf(ms)),
    cpuMs: rounded(medianOf(cpuMs)),
    ...Object.fromEntries(middle),
  };
}

/** Whole videos from a file. */
async function segmentVideos(size: BenchSize, seconds: number): Promise<SegmentingRow> {
  const folder = await mkdtemp(join(tmpdir(), 'echoloop-bench-'));
  const policy = benchNetwork(size, {}, 0);
  try {
    const video = phantomVideo();
    const file = join(folder, 'video.nii.gz');
    await writeFile(file, writeGreyNifti(video, 'float32'));
    const rounds = await measure(seconds, () => segmentStages(file, policy, size));
    return rowOf(size, video, video.frames, rounds);
  } finally {
    policy.dispose();
    await rm(folder, { recursive: true, force: true });
  }
}

/** A stream: each window of four new frames is prepared, predicted and put back as it comes. */
async function segmentLive(size: BenchSize, seconds: number): Promise<SegmentingRow> {
  const policy = benchNetwork(size, {}, 0);
  const video = phantomVideo();
  const settings = settingsOf(size);
  // One window for a window: nothing is reflected before or behind it.
  const live = { ...settings, inference: { ...settings.inference, padFrames: 0 } };
  const pixels = video.rows * video.columns;
  const windows = Math.floor(video.frames / WINDOW_FRAMES);
  const rounds = await measure(seconds, (round) => {
    const start = (round % windows) * WINDOW_FRAMES * pixels;
    const intensities = video.intensities.slice(start, start + WINDOW_FRAMES * pixels);
    segmentVideo({ ...video, frames: WINDOW_FRAMES, intensities }, policy, live);
    return {};
  });
  policy.dispose();
  const slowest = rounds.ms.toSorted((a, b) => a - b)[Math.floor(0.95 * rounds.ms.length)]!;
  return { ...rowOf(size, video, WINDOW_FRAMES, rounds), ms95Percent: rounded(slowest) };
}

/** Processor time of this process so far, over all threads, ms. */
function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

function rounded(value: number): number {
  return Number(value.toFixed(1));
}

const values = benchOptions({
  json: { type: 'boolean' },
  live: { type: 'boolean' },
  sizes: { type: 'string', default: 'tiny,small' },
  threads: { type: 'string' },
  seconds: { type: 'string', default: '10' },
});
const { name, device } = await selectTensorBackend(threadsOf(values.threads));
const rows: SegmentingRow[] = [];
for (const size of someOf('--sizes', values.sizes, benchSizes)) {
  rows.push(
    await (values.live ? segmentLive : segmentVideos)(size, positiveNumber('--seconds', values.seconds)),
  );
}
if (values.json) console.log(JSON.stringify({ backend: name, device, rows }));
else console.table(rows);
