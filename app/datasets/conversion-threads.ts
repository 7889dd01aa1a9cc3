/**
 * Converts recordings on all processor cores: decoding, checks and packing are one thread's work each. A decoded video
 * is large, so the machine's memory bounds the threads too. A thread that dies takes its video along and no other.
 */
import { once } from 'node:events';
import { availableParallelism, totalmem } from 'node:os';
import { Worker } from 'node:worker_threads';
import { DomainError, type ErrorCode } from '../../ground/errors.ts';
import { programOf } from '../media/ffmpeg.ts';
import {
  type Conversion,
  type ConversionOptions,
  type Converted,
  convertRecording,
} from './convert-recording.ts';

/** What a thread is told when it starts: a film reader is a program to it, because functions cannot be handed on. */
export interface ConversionThreadData {
  readonly options: ConversionOptions;
  readonly filmProgram: string | undefined;
}

export type ThreadAnswer =
  | { readonly converted: Converted }
  | { readonly refused: Pick<DomainError, 'code' | 'message' | 'details'> }
  | { readonly failed: string };

export interface Converter {
  /** @throws what convertRecording throws */
  convert(this: void, conversion: Conversion): Promise<Converted>;
  /** Videos that are worth having under way, those being read and stored among them. */
  readonly atOnce: number;
  close(): Promise<void>;
}

/** Starting threads costs about half a second; fewer videos than this are faster without. */
const WORTH_THREADS = 8;
/** Of the machine, for each thread: what decoding a long loop of a large picture takes. */
const BYTES_PER_THREAD = 2 * 1024 ** 3;
/** Beside those that are converted: read from a disk or bucket, written to the store. */
const WAITING = 2;

/** Of a container no more than it may use. */
function mostThreads(): number {
  const allowed = process.constrainedMemory();
  const memory = allowed > 0 ? Math.min(totalmem(), allowed) : totalmem();
  return Math.max(1, Math.min(availableParallelism(), Math.floor(memory / BYTES_PER_THREAD)));
}

/**
 * @param videos how many are to be converted
 * @param threads 1: in the caller's own
 */
export function openConverter(
  options: ConversionOptions,
  videos: number,
  threads = videos < WORTH_THREADS ? 1 : Math.min(mostThreads(), videos),
): Converter {
  const { filmReader, ...reading } = options.reading;
  const filmProgram = filmReader && programOf(filmReader);
  // A film reader that is no program cannot follow into a thread.
  const canHandOn = filmReader === undefined || filmProgram !== undefined;
  if (threads <= 1 || !canHandOn) {
    return {
      convert: (conversion) => convertRecording(conversion, options),
      atOnce: WAITING,
      close: async () => {},
    };
  }
  const { force, labelMap } = options;
  const pool = new ConversionThreads({ options: { reading, force, labelMap }, filmProgram }, threads);
  return {
    convert: (conversion) => pool.convert(conversion),
    atOnce: threads + WAITING,
    close: () => pool.close(),
  };
}

class ConversionThreads {
  readonly #data: ConversionThreadData;
  readonly #idle: Worker[] = [];
  readonly #all = new Set<Worker>();
  readonly #waiting: ((worker: Worker) => void)[] = [];
  #isClosed = false;

  constructor(data: ConversionThreadData, threads: number) {
    this.#data = data;
    for (let i = 0; i < threads; i++) this.#idle.push(this.#start());
  }

  async convert(conversion: Conversion): Promise<Converted> {
    const worker = this.#idle.pop() ?? (await new Promise<Worker>((take) => this.#waiting.push(take)));
    let isUsable = false;
    try {
      const answer = await ask(worker, conversion);
      isUsable = true;
      if ('converted' in answer) return answer.converted;
      if ('failed' in answer) throw Object.assign(new Error(), { stack: answer.failed });
      const { code, message, details } = answer.refused;
      throw new DomainError(code as ErrorCode, message, details);
    } finally {
      this.#giveBack(isUsable ? worker : this.#replaced(worker));
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#all].map((worker) => worker.terminate()));
  }

  #start(): Worker {
    const worker = new Worker(new URL('./conversion-thread.mjs', import.meta.url), {
      workerData: this.#data,
    });
    this.#all.add(worker);
    // What it dies of is told by whoever waits for it; an idle one has nobody.
    worker.on('error', () => undefined);
    worker.once('exit', () => this.#replaceIdle(worker));
    return worker;
  }

  #replaceIdle(worker: Worker): void {
    const place = this.#idle.indexOf(worker);
    if (place < 0 || this.#isClosed) return;
    this.#all.delete(worker);
    this.#idle[place] = this.#start();
  }

  #replaced(worker: Worker): Worker {
    this.#all.delete(worker);
    void worker.terminate();
    return this.#start();
  }

  #giveBack(worker: Worker): void {
    const next = this.#waiting.shift();
    if (next) next(worker);
    else this.#idle.push(worker);
  }
}

/** @throws Error when the thread dies of the recording */
async function ask(worker: Worker, conversion: Conversion): Promise<ThreadAnswer> {
  const listening = new AbortController();
  const { signal } = listening;
  // `once` rejects when the thread fails.
  const answered = once(worker, 'message', { signal });
  const ended = once(worker, 'exit', { signal }).then(() => {
    throw new Error('the thread that converted the recording ended');
  });
  worker.postMessage(conversion);
  try {
    const [answer] = await Promise.race([answered, ended]);
    return answer;
  } catch (cause) {
    throw new DomainError(
      'LimitExceeded',
      `${conversion.planned.file}: expected a recording that can be read in the memory of this machine, found one that ended the thread that read it. Split it into shorter clips.`,
      {},
      { cause },
    );
  } finally {
    for (const loser of [answered, ended]) loser.catch(() => {});
    listening.abort();
  }
}
