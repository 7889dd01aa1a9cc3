/**
 * How many compute workers the demonstration starts on one machine. What it does to a video is JavaScript for the
 * greater part, which one thread of a worker does while TensorFlow of the other has the cores.
 */
import { availableParallelism } from 'node:os';
import type { Deployment } from '../../runtime/deployment.ts';
import { hasNvidiaDriver } from '../../runtime/provision/machine.ts';
import { memoryBudgets } from '../../temporal.config.ts';

export interface Host {
  readonly cores: number;
  /** Bytes that processes may still take, within the limit of the container if there is one. */
  readonly freeBytes: number;
  /** A GPU is asked for or there: one process owns it. */
  readonly gpu: boolean;
}

/** Two where two cores and the memory for both are free, and no GPU; else one. */
export function workersThatGain({ cores, freeBytes, gpu }: Host): number {
  const roomForTwo = cores >= 2 && freeBytes >= 2 * memoryBudgets.demonstrationWorkerBytes;
  return roomForTwo && !gpu ? 2 : 1;
}

export function thisHost({ requireGpu }: Pick<Deployment, 'requireGpu'>): Host {
  return {
    cores: availableParallelism(),
    freeBytes: process.availableMemory(),
    gpu: requireGpu || hasNvidiaDriver(),
  };
}
