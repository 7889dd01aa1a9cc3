/** What becomes of TensorFlow's own errors, which say in words alone whether they are the device's. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, it } from 'vitest';
import { patience } from '../temporal.config.ts';
import type { ComputeProcess } from './compute-process.ts';
import { forwardersTo } from './forward.ts';

/**
 * The failure of an attempt whose tensor process threw an error with this message, and whether that was given up.
 * @param before how often memory ran out before
 */
async function failureOf(message: string, attempt: number, before = 0) {
  let abandoned = false;
  const compute = {
    run: () => Promise.reject(new Error(message)),
    abandon: () => {
      abandoned = true;
    },
  } as unknown as ComputeProcess;
  const { fineTunePolicy } = forwardersTo(compute, ['fineTunePolicy']);
  const environment = new MockActivityEnvironment({
    attempt,
    heartbeatDetails: { step: 4, total: 9, outOfMemory: before },
  });
  const failure = await environment.run(fineTunePolicy!, {}).catch((error: unknown) => error);
  return { failure, abandoned };
}

const outOfMemory =
  'Invalid TF_Status: 8\nMessage: OOM when allocating tensor with shape[4,128,128,32] and type float on /job:localhost/replica:0/task:0/device:GPU:0 by allocator GPU_0_bfc';

it('memory that ran out is tried again, as others may have had it, and is too small after some attempts', async () => {
  // However often it was tried before: drains are attempts too.
  for (const attempt of [1, 7]) {
    expect(await failureOf(outOfMemory, attempt)).toMatchObject({
      abandoned: true,
      failure: { type: 'ComputeCrashed', nonRetryable: false },
    });
  }
  for (const message of [outOfMemory, outOfMemory.replace('GPU:0', 'CPU:0').replace('GPU_0_bfc', 'cpu')]) {
    expect(await failureOf(message, 7, patience.outOfMemoryAttempts - 1)).toMatchObject({
      failure: {
        type: 'OutOfMemory',
        nonRetryable: true,
        message: expect.stringContaining('smaller windows'),
      },
    });
  }
});

it('a device that failed is tried again in another process, a defect in the same', async () => {
  expect(await failureOf('CUDA error: an illegal memory access', 5)).toMatchObject({
    abandoned: true,
    failure: { type: 'ComputeCrashed' },
  });
  expect(await failureOf('x is undefined', 5)).toMatchObject({
    abandoned: false,
    failure: { name: 'Error' },
  });
});
