import '@tensorflow/tfjs-node-gpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect } from 'vitest';
import { leakless, taken } from './leakless.fixture.ts';
import { recorded } from './recorded.ts';

describe('a recorded step with variables', () => {
  leakless('reads their values at the time of the call', () => {
    const weight = tf.tidy(() => tf.variable(tf.scalar(2)));
    const step = recorded('weighted', (x: tf.Tensor) => tf.mul(x, weight));
    const x = tf.scalar(3);
    for (let call = 1; call <= 5; call++) {
      tf.tidy(() => weight.assign(tf.scalar(call)));
      expect(taken(step(x))).toEqual([3 * call]);
    }
    tf.dispose([x, weight]);
    step.dispose();
  });

  leakless('gives them the values that it assigns', () => {
    const [sum, count] = [0, 0].map((start) => tf.tidy(() => tf.variable(tf.scalar(start)))) as [
      tf.Variable<tf.Rank.R0>,
      tf.Variable<tf.Rank.R0>,
    ];
    const step = recorded('total', (x: tf.Scalar) => {
      sum.assign(tf.add(sum, x));
      sum.assign(tf.mul(sum, 2));
      count.assign(tf.add(count, 1));
    });
    let expected = 0;
    for (let call = 1; call <= 6; call++) {
      step(call);
      expected = 2 * (expected + call);
      expect([sum.dataSync()[0], count.dataSync()[0]]).toEqual([expected, call]);
    }
    tf.dispose([sum, count]);
    step.dispose();
  });

  leakless('gives them constants, and returns constants', () => {
    const flag = tf.tidy(() => tf.variable(tf.scalar(0)));
    const step = recorded('constants', () => {
      flag.assign(tf.scalar(7));
      return tf.tensor1d([1, 2], 'int32');
    });
    for (let call = 1; call <= 5; call++) {
      tf.tidy(() => flag.assign(tf.scalar(0)));
      expect(taken(step())).toEqual([1, 2]);
      expect(flag.dataSync()[0]).toBe(7);
    }
    flag.dispose();
    step.dispose();
  });

  leakless('tells variables apart that began as one tensor, and from copies of them', () => {
    const start = tf.scalar(1);
    const [a, b] = [tf.variable(start), tf.variable(start)];
    const step = recorded('both', () => tf.add(tf.mul(a, 10), b));
    expect(taken(step())).toEqual([11]);
    tf.tidy(() => b.assign(tf.scalar(2)));
    expect([1, 2].map(() => taken(step()))).toEqual([[12], [12]]);
    const copy = tf.clone(a);
    const frozen = recorded('copy', () => tf.add(copy, b));
    expect(() => frozen()).toThrow(
      /a tensor in .* that was made outside .* neither an argument nor a variable/,
    );
    tf.dispose([start, a, b, copy]);
    step.dispose();
  });

  leakless('takes a variable as an argument too', () => {
    const weight = tf.tidy(() => tf.variable(tf.scalar(2)));
    const step = recorded('given', (w: tf.Tensor) => tf.square(w));
    for (let call = 1; call <= 4; call++) {
      tf.tidy(() => weight.assign(tf.scalar(call)));
      expect(taken(step(weight))).toEqual([call ** 2]);
    }
    weight.dispose();
    step.dispose();
  });

  leakless('says which one is gone', () => {
    const weight = tf.tidy(() => tf.variable(tf.scalar(2), true, 'the weight'));
    const step = recorded('orphan', () => tf.square(weight));
    for (let call = 0; call < 4; call++) taken(step());
    weight.dispose();
    expect(() => step()).toThrow('reads the variable the weight, which is disposed');
    step.dispose();
  });
});
