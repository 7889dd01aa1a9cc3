/**
 * Threads for the codecs of codec-worker.mjs: a few, kept between frames, and stopped when a stream takes longer than
 * any picture can.
 */
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import pLimit from 'p-limit';
import { checkStreamSize, type FrameSamples } from './frame-samples.ts';
import type { PixelLayout } from './pixel-layout.ts';

interface CodecJob {
  readonly codec: 'charls' | 'openjpeg' | 'lossless' | 'extended';
  readonly stream: Uint8Array;
  /** Bits of a sample, for the decoder that must be told. */
  readonly precision?: number;
}

type PictureSize = Pick<PixelLayout, 'rows' | 'columns'>;

interface Decoded {
  /** Numbers of more than 8 bits as two bytes, the lower one first. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly rows: number;
  readonly columns: number;
  readonly bits: number;
  readonly samples: number;
  readonly isPlanar: boolean;
}

const MOST_THREADS = 4;
/** Time for any frame, and for each pixel: some hundred times what decoding takes, because the machine may be busy. */
const LEAST_TIMEOUT_MS = 4000;
const TIMEOUT_MS_PER_PIXEL = 0.01;

const idle: Worker[] = [];
const limit = pLimit(Math.min(MOST_THREADS, availableParallelism()));

function startWorker(): Worker {
  const worker = new Worker(new URL('./codec-worker.mjs', import.meta.url), { execArgv: [] });
  worker.unref();
  return worker;
}

/** The worker's answer; undefined when it finds the stream damaged. @throws Error when it takes too long or ends */
async function ask(
  worker: Worker,
  job: CodecJob,
  size: PictureSize,
  timeoutMs: number,
): Promise<Decoded | undefined> {
  const listening = new AbortController();
  const { signal } = listening;
  const late = sleep(timeoutMs, undefined, { signal }).then(() => {
    throw new Error(`the decoder did not end within ${Math.round(timeoutMs / 1000)} s`);
  });
  const ended = once(worker, 'exit', { signal }).then(() => {
    throw new Error('the decoder ended');
  });
  // `once` rejects when the thread fails.
  const answered = once(worker, 'message', { signal });
  const stream = Uint8Array.from(job.stream);
  worker.postMessage({ ...job, stream, ...size }, [stream.buffer]);
  try {
    const [{ decoded }] = await Promise.race([answered, late, ended]);
    return decoded;
  } finally {
    for (const loser of [answered, late, ended]) loser.catch(() => {});
    listening.abort();
  }
}

async function decode(job: CodecJob, size: PictureSize, timeoutMs: number): Promise<Decoded> {
  const worker = idle.pop() ?? startWorker();
  // A thread that works keeps the process alive; one that waits does not.
  worker.ref();
  let isUsable = false;
  try {
    const decoded = await ask(worker, job, size, timeoutMs);
    isUsable = true;
    if (decoded === undefined) throw new Error('the decoder found the stream damaged');
    return decoded;
  } finally {
    worker.unref();
    if (isUsable) idle.push(worker);
    else void worker.terminate();
  }
}

/** The samples of one frame. @throws Error for a damaged stream, one of another size, and one that takes too long */
export async function decodeInThread(
  job: CodecJob,
  layout: PixelLayout,
): Promise<Omit<FrameSamples, 'isRgb'>> {
  const pixels = layout.rows * layout.columns;
  const timeoutMs = LEAST_TIMEOUT_MS + TIMEOUT_MS_PER_PIXEL * pixels * layout.samples;
  const { rows, columns } = layout;
  const decoded = await limit(() => decode(job, { rows, columns }, timeoutMs));
  const found = { rows: decoded.rows, columns: decoded.columns, samples: decoded.samples };
  checkStreamSize(layout, found);
  const { bytes, bits, isPlanar } = decoded;
  if (bytes.length !== pixels * found.samples * (bits > 8 ? 2 : 1)) {
    throw new Error('the stream does not hold a whole picture');
  }
  return { values: bits > 8 ? new Uint16Array(bytes.buffer) : bytes, samples: found.samples, isPlanar };
}
