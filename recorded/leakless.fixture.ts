/** What tests of recorded steps share. */
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import type { NativeBackend } from './native-backend.ts';

/** Native TensorFlow, once it is imported. */
export function nativeBackend(): NativeBackend {
  return tf.backend() as unknown as NativeBackend;
}

/** Every test starts and ends with the same number of tensors, in TensorFlow.js and in TensorFlow. */
export function leakless(name: string, run: () => void | Promise<void>): void {
  it(name, async () => {
    const before = [tf.memory().numTensors, nativeBackend().binding.getNumOfTensors()];
    await run();
    expect([tf.memory().numTensors, nativeBackend().binding.getNumOfTensors()]).toEqual(before);
  });
}

/** The numbers of a tensor, which is freed. */
export function taken(tensor: tf.Tensor): number[] {
  const numbers = [...tensor.dataSync()];
  tensor.dispose();
  return numbers;
}

/** The operations that reach TensorFlow while `run` runs, each with the names of its attributes; a function is one. */
export function operationsOf(run: () => void): string[] {
  const backend = nativeBackend();
  const { binding } = backend;
  const names: string[] = [];
  backend.binding = Object.create(binding, {
    executeOp: {
      value: (...args: Parameters<typeof binding.executeOp>) => {
        names.push([args[0], ...args[1].map(({ name }) => name)].join(' '));
        return binding.executeOp(...args);
      },
    },
  });
  try {
    run();
  } finally {
    backend.binding = binding;
  }
  return names;
}
