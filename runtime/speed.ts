/**
 * How fast this machine convolves: the 3x3x3 convolution with 32 channels in and out that a U-Net spends its time in.
 * Measured in a process of its own, since a process can register one native back end, and one that crashes must not
 * take `doctor` with it.
 */
import { spawn } from 'node:child_process';
import { z } from 'zod';
import { serviceLimits } from '../temporal.config.ts';
import { moduleCommand } from './installation.ts';
import type { TensorBackendName } from './tensors.ts';

export const SpeedSchema = z.strictObject({
  backend: z.enum(['native-gpu', 'native-cpu', 'wasm']),
  device: z.string(),
  version: z.string(),
  why: z.string(),
  threads: z.number(),
  /** [frames, rows, columns] that were convolved. */
  size: z.tuple([z.number(), z.number(), z.number()]),
  /** Best of several, in 10^9 floating-point operations a second. */
  forwardGflops: z.number(),
  forwardBackwardGflops: z.number(),
});
export type Speed = z.infer<typeof SpeedSchema>;

export interface SpeedOptions {
  readonly prefer?: TensorBackendName;
  readonly threads?: number | undefined;
}

/**
 * Measures one back end in a child process.
 * @throws Error with the child's last words when it fails or takes too long.
 */
export function measureSpeed({ prefer, threads }: SpeedOptions = {}): Promise<Speed> {
  const { command, args } = moduleCommand('runtime/speed-main', [prefer ?? 'best', String(threads ?? 0)]);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: serviceLimits.speedTestMs,
      killSignal: 'SIGKILL',
    });
    let output = '';
    let complaints = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaints = (complaints + text).slice(-2000);
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (child.killed) {
        const limit = `${serviceLimits.speedTestMs / 1000} s`;
        return reject(
          new Error(
            `The speed test took longer than ${limit}. Do other programs use the processors? Try again when they are done.`,
          ),
        );
      }
      const last = output.trim().split('\n').at(-1) ?? '';
      if (code === 0 && last) return resolve(SpeedSchema.parse(JSON.parse(last)));
      reject(
        new Error(
          `The speed test ended with ${signal ?? `code ${code}`}: ${complaints.trim().split('\n').at(-1) ?? ''}`,
        ),
      );
    });
  });
}
