import '@tensorflow/tfjs-node-gpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect } from 'vitest';
import { leakless, nativeBackend, taken } from './leakless.fixture.ts';
import { RecordingError, recorded } from './recorded.ts';

const backend = nativeBackend();

describe('what cannot be recorded', () => {
  const reads: [string, (x: tf.Tensor) => unknown][] = [
    ['dataSync', (x) => x.dataSync()],
    ['arraySync', (x) => x.arraySync()],
    ['data', (x) => x.data().catch(() => undefined)],
    ['array', (x) => x.array().catch(() => undefined)],
  ];
  for (const [name, read] of reads) {
    leakless(`reading a tensor with ${name}, which names the operation`, () => {
      const step = recorded('reader', (x: tf.Tensor) => {
        const loss = tf.mean(tf.square(x));
        read(loss);
        return loss;
      });
      const x = tf.scalar(1);
      expect(() => tf.tidy(() => step(x))).toThrow(/"reader" reads Mean_\d on the host \(dataSync/);
      x.dispose();
    });
  }

  leakless('a tensor from outside that is no argument', () => {
    const outside = tf.scalar(1);
    const step = recorded('closed over', (x: tf.Tensor) => tf.add(x, outside));
    const x = tf.scalar(1);
    expect(() => step(x)).toThrow(RecordingError);
    expect(() => step(x)).toThrow(/uses a tensor of shape \[\] that was made outside of it/);
    tf.dispose([x, outside]);
  });

  leakless('data of the host', () => {
    const step = recorded('data', (x: tf.Tensor) =>
      tf.add(x, tf.tensor1d(Float32Array.from({ length: 5000 }, (_, i) => i))),
    );
    const x = tf.scalar(1);
    expect(() => step(x)).toThrow(/of shape \[5000\] from host data .*pass it as an argument/);
    const zeros = recorded('zeros', (y: tf.Tensor) => tf.add(y, tf.zeros([5000])));
    for (let call = 0; call < 3; call++) expect(taken(zeros(x))[4999]).toBe(1);
    zeros.dispose();
    x.dispose();
  });

  leakless('a number that changes from call to call without being an argument', () => {
    let rate = 0.5;
    const step = recorded('annealed', (x: tf.Tensor) => tf.mul(tf.square(x), rate));
    const x = tf.scalar(2);
    expect(taken(step(x))).toEqual([2]);
    rate = 0.25;
    expect(() => tf.tidy(() => step(x))).toThrow(
      /at call 2 than when it was recorded: it gives Mul_1 \[0.25\] of shape \[\] where it gave it \[0.5\]/,
    );
    rate = 0.5;
    for (let call = 2; call < 4; call++) taken(step(x));
    rate = 0.25;
    expect(() => tf.tidy(() => step(x))).toThrow('at call 4');
    step.dispose();
    x.dispose();
  });

  leakless('a condition that changes from call to call', () => {
    let squared = true;
    const step = recorded('branches', (x: tf.Tensor) => (squared ? tf.square(x) : tf.exp(x)));
    const x = tf.scalar(2);
    taken(step(x));
    squared = false;
    expect(() => tf.tidy(() => step(x))).toThrow('runs Exp where it ran Square');
    step.dispose();
    x.dispose();
  });

  leakless('keeping a tensor, and freeing an argument', () => {
    let kept: tf.Tensor | undefined;
    const keeper = recorded('keeper', (x: tf.Tensor) => {
      kept = tf.keep(tf.square(x));
      return tf.neg(kept);
    });
    const x = tf.scalar(2);
    expect(() => tf.tidy(() => keeper(x))).toThrow('keeps 1 tensors');
    kept!.dispose();
    const freer = recorded('freer', (y: tf.Tensor) => {
      const result = tf.square(y);
      y.dispose();
      return result;
    });
    expect(() => tf.tidy(() => freer(x))).toThrow('frees 1 tensors that it was given');
    expect(taken(x)).toEqual([2]);
  });

  leakless('making a variable, and results and arguments that are no tensors', () => {
    const x = tf.scalar(2);
    const maker = recorded('maker', (y: tf.Tensor) => {
      tf.variable(y, true, 'made inside');
      return tf.neg(y);
    });
    expect(() => tf.tidy(() => maker(x))).toThrow('makes the variable made inside');
    tf.dispose(
      (tf.engine() as unknown as { registeredVariables: Record<string, tf.Variable> }).registeredVariables[
        'made inside'
      ]!,
    );
    const counter = recorded('counter', (y: tf.Tensor) => ({ count: y.size }));
    expect(() => counter(x)).toThrow('returns the number 1');
    const promising = recorded('promising', async (y: tf.Tensor) => y);
    expect(() => promising(x)).toThrow('returns an object of Promise');
    const data = recorded('data', (values: Float32Array) => tf.tensor1d(values));
    expect(() => data(Float32Array.of(1))).toThrow('was given as argument .0 an object of Float32Array');
    x.dispose();
  });

  leakless('an operation that functions compute otherwise', () => {
    const step = recorded('softmax', (x: tf.Tensor1D) => tf.softmax(x));
    const x = tf.tensor1d([0, 1]);
    expect(() => step(x)).toThrow('runs Softmax, whose last bits differ inside of functions');
    x.dispose();
  });

  leakless('an operation whose result has a shape that depends on numbers', () => {
    const step = recorded('where', (x: tf.Tensor1D) =>
      (backend as unknown as { where(x: tf.Tensor): tf.Tensor }).where(tf.cast(x, 'bool')),
    );
    const x = tf.tensor1d([0, 1]);
    expect(() => step(x)).toThrow('runs Where, the shape of whose result depends on the numbers');
    x.dispose();
  });
});
