/**
 * Chooses where tensors are computed and registers it with TensorFlow.js: native TensorFlow (the GPU when it drives
 * one), otherwise WebAssembly with a plain warning. Call it once per process, before anything else imports the tensor
 * packages' back ends.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join, sep } from 'node:path';
import util from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { DomainError } from '../ground/errors.ts';
import type { NativeBackend } from '../recorded/native-backend.ts';
import { recordSteps, stepsAreRecorded, stepsCanBeRecorded } from '../recorded/recorded.ts';
import { nativeEnvironment } from './native-environment.ts';
import { hasNvidiaDriver } from './provision/machine.ts';
import { readTensorSetup } from './provision/tensorflow.ts';
import { loadQuietly } from './quiet-loading.ts';

export type TensorBackendName = 'native-gpu' | 'native-cpu' | 'wasm';

export interface TensorBackend {
  readonly name: TensorBackendName;
  /** Why this one and not a better one, for people. */
  readonly why: string;
  /** What computes, such as the GPU's name or the processor's threads. */
  readonly device: string;
  /** Version of TensorFlow, or of the WebAssembly package. */
  readonly version: string;
  readonly threads: number;
}

export interface TensorBackendOptions {
  /** Makes anything but a GPU an error instead of a slower run. */
  readonly requireGpu?: boolean;
  /** Processor threads; results are the same bit for bit only at the same count. Default: all. */
  readonly threads?: number | undefined;
  /** Never look for a better one than this. */
  readonly prefer?: TensorBackendName;
  /**
   * Runs every operation by itself, so that an error or a profile names the line that called it: slower, and the same
   * to the last bit. Default: what ECHOLOOP_EAGER says, else false.
   */
  readonly eager?: boolean;
  /** Gets the warning about a slow back end; standard error by default. */
  readonly warn?: (line: string) => void;
}

/**
 * Sets what the libraries read when they are loaded. The thread count that was asked for wins over an inherited one.
 */
function configureNative(threads: number, prefer: TensorBackendName | undefined): void {
  process.env.TF_NUM_INTRAOP_THREADS = String(threads);
  process.env.TF_NUM_INTEROP_THREADS = String(Math.min(threads, 2));
  process.env.OMP_NUM_THREADS = String(threads);
  for (const [name, value] of Object.entries(nativeEnvironment)) process.env[name] ??= value;
  // Hidden from this process before the library looks, the GPU stays free for the worker that owns it.
  if (prefer === 'native-cpu') process.env.CUDA_VISIBLE_DEVICES = '-1';
  // tfjs-node 4.22 calls this function, which Node 23 removed.
  const legacy = util as unknown as { isNullOrUndefined?: (value: unknown) => boolean };
  legacy.isNullOrUndefined ??= (value) => value === null || value === undefined;
}

const NVIDIA_FOLDER = '/proc/driver/nvidia';

/** The models of the machine's NVIDIA GPUs and their driver's version, as far as the driver says. */
function nvidiaName(): string {
  try {
    const driver = /\d+\.\d[\d.]*/.exec(readFileSync(join(NVIDIA_FOLDER, 'version'), 'utf8'))?.[0];
    const gpus = join(NVIDIA_FOLDER, 'gpus');
    const models = readdirSync(gpus).map(
      (gpu) => /^Model:\s*(.+)$/m.exec(readFileSync(join(gpus, gpu, 'information'), 'utf8'))?.[1],
    );
    return `${[...new Set(models)].join(', ') || 'NVIDIA GPU'}, driver ${driver ?? 'unknown'}`;
  } catch {
    return 'NVIDIA GPU';
  }
}

async function registerNative(
  threads: number,
  prefer: TensorBackendName | undefined,
): Promise<TensorBackend> {
  configureNative(threads, prefer);
  loadQuietly(() => createRequire(import.meta.url)('@tensorflow/tfjs-node-gpu'));
  await tf.setBackend('tensorflow');
  await tf.ready();
  const backend = tf.backend() as unknown as NativeBackend;
  const version = backend.binding.TF_Version;
  const steps = howStepsRun();
  if (backend.isUsingGpuDevice) {
    return {
      name: 'native-gpu',
      why: `native TensorFlow drives the GPU; ${steps}`,
      device: nvidiaName(),
      version,
      threads,
    };
  }
  const driver = prefer !== 'native-cpu' && hasNvidiaDriver();
  const why = driver
    ? 'an NVIDIA driver is loaded, but TensorFlow could not use its GPU: are the CUDA libraries installed, and the driver new enough for CUDA 12?'
    : prefer === 'native-cpu'
      ? 'native TensorFlow on the processor, as asked for'
      : 'native TensorFlow; no NVIDIA GPU was found';
  return {
    name: 'native-cpu',
    why: `${why}; ${steps}`,
    device: `processor, ${threads} threads`,
    version,
    threads,
  };
}

/** One call of TensorFlow for a step, or one for each operation of it (docs/recorded-step.md). */
function howStepsRun(): string {
  if (stepsAreRecorded()) return 'steps are recorded';
  return stepsCanBeRecorded()
    ? 'steps run operation by operation, as asked for'
    : 'steps run operation by operation, since its addon is not the one that set-up builds (`node runtime/bootstrap.mjs`)';
}

async function registerWasm(threads: number, why: string): Promise<TensorBackend> {
  const wasm = await import('@tensorflow/tfjs-backend-wasm');
  const main = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  wasm.setWasmPaths(dirname(main) + sep);
  wasm.setThreadsCount(threads);
  await tf.setBackend('wasm');
  await tf.ready();
  return { name: 'wasm', why, device: `processor through WebAssembly`, version: wasm.version_wasm, threads };
}

/** Why native TensorFlow did not load: what the set-up wrote down says more than the failed import. */
async function whyNotNative(error: unknown): Promise<string> {
  const setup = await readTensorSetup();
  if (setup?.state === 'unavailable') return setup.why;
  const message = (error as Error).message.split('\n')[0];
  return `native TensorFlow did not load: ${message} Set it up: npx echoloop setup`;
}

/**
 * Registers the best back end of this machine and returns which one it is and why.
 * @throws DomainError BackendMissing when `requireGpu` is set and TensorFlow does not drive a GPU.
 */
export async function selectTensorBackend(options: TensorBackendOptions = {}): Promise<TensorBackend> {
  const threads = options.threads ?? availableParallelism();
  const {
    prefer,
    requireGpu = false,
    eager = ['1', 'true'].includes(process.env.ECHOLOOP_EAGER ?? ''),
  } = options;
  recordSteps(!eager);
  const warn = options.warn ?? ((line) => process.stderr.write(`${line}\n`));
  let backend: TensorBackend;
  if (prefer === 'wasm') {
    backend = await registerWasm(threads, 'WebAssembly, as asked for');
  } else {
    try {
      backend = await registerNative(threads, prefer);
    } catch (error) {
      const why = await whyNotNative(error);
      backend = await registerWasm(threads, why);
      warn(
        `Tensors run in WebAssembly, a hundred times slower or more than native TensorFlow: training is not practical.\n  ${why}`,
      );
    }
  }
  if (requireGpu && backend.name !== 'native-gpu') {
    throw new DomainError(
      'BackendMissing',
      `This worker requires a GPU (ECHOLOOP_REQUIRE_GPU), but tensors would run on: ${backend.device}. ${backend.why}. ` +
        'Look at `echoloop doctor` on this machine, or start the worker without the requirement.',
      { backend: backend.name },
    );
  }
  return backend;
}
