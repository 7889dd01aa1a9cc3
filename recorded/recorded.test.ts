import '@tensorflow/tfjs-node-gpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterEach, describe, expect } from 'vitest';
import { leakless, nativeBackend, operationsOf, taken } from './leakless.fixture.ts';
import { compileSteps, recorded, recordSteps } from './recorded.ts';

const backend = nativeBackend();

afterEach(() => recordSteps(true));

describe('a recorded step', () => {
  leakless('is one call of TensorFlow from the third call on', () => {
    const step = recorded('some steps', (x: tf.Tensor1D) => tf.sum(tf.square(tf.add(x, 1))));
    const x = tf.tensor1d([1, 2, 3]);
    expect([1, 2].map(() => taken(step(x)))).toEqual([[29], [29]]);
    let result: number[] = [];
    const names = operationsOf(() => {
      result = taken(step(x));
    });
    expect(result).toEqual([29]);
    expect(names).toEqual([expect.stringMatching(/^some_steps_\d+ config_proto$/)]);
    step.dispose();
    x.dispose();
  });

  leakless('computes with the tensors and numbers of each call', () => {
    const step = recorded('scale', (x: tf.Tensor1D, by: { rate: tf.Scalar; shift: tf.Tensor1D }) =>
      tf.add(tf.mul(x, by.rate), by.shift),
    );
    for (let call = 1; call <= 9; call++) {
      const [x, shift] = [tf.tensor1d([call, -call]), tf.tensor1d([0.5, call])];
      expect(taken(step(x, { rate: call / 4, shift }))).toEqual([call ** 2 / 4 + 0.5, call - call ** 2 / 4]);
      tf.dispose([x, shift]);
    }
    step.dispose();
  });

  leakless('gives the same bits as the operations one by one, whatever the shapes', () => {
    const step = recorded('mixture', (x: tf.Tensor2D, y: tf.Tensor2D, rate: tf.Scalar) => {
      const p = tf.exp(tf.logSoftmax(tf.matMul(x, y, false, true) as tf.Tensor2D));
      const [first, second] = tf.split(tf.concat([p, tf.sqrt(p)], 1), 2, 1) as [tf.Tensor2D, tf.Tensor2D];
      const mean = tf.mean(tf.mul(first, tf.exp(second)), 0);
      return { best: tf.argMax(p, 1), chosen: tf.greater(p, mean), mixed: tf.mul(tf.sub(p, mean), rate) };
    });
    const numbers = (count: number) =>
      fc.array(fc.float({ noNaN: true, min: -4, max: 4 }), { minLength: count, maxLength: count });
    const inputs = fc
      .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 5 }))
      .chain(([rows, columns]) =>
        fc.record({
          shape: fc.constant([rows, columns] as [number, number]),
          x: numbers(rows * columns),
          y: numbers(rows * columns),
          rate: fc.float({ noNaN: true, min: -1, max: 1 }),
        }),
      );
    const run = (
      record: boolean,
      { shape, x, y, rate }: { shape: [number, number]; x: number[]; y: number[]; rate: number },
    ) => {
      recordSteps(record);
      const tensors = [x, y].map((data) => tf.tensor2d(data, shape)) as [tf.Tensor2D, tf.Tensor2D];
      const result = step(...tensors, rate);
      tf.dispose(tensors);
      const all = Object.values(result).map((tensor) => [tensor.dtype, tensor.shape, [...tensor.dataSync()]]);
      tf.dispose(result);
      return all;
    };
    fc.assert(
      fc.property(inputs, (input) => {
        const eager = run(false, input);
        for (let call = 0; call < 3; call++) expect(run(true, input)).toEqual(eager);
      }),
      { numRuns: 40 },
    );
    step.dispose();
  });

  leakless('keeps trees of tensors in arrays, objects and maps as they are', () => {
    const step = recorded(
      'tree',
      (given: { pair: readonly tf.Scalar[]; named: ReadonlyMap<string, tf.Scalar> }) => ({
        named: new Map([...given.named].map(([name, value]) => [name, tf.neg(value)])),
        pair: [...given.pair].reverse(),
        nothing: undefined,
      }),
    );
    for (let call = 0; call < 3; call++) {
      const result = step({ pair: [1, 2 + call], named: new Map([['a', 5]]) });
      expect(result.pair.flatMap(taken)).toEqual([2 + call, 1]);
      expect([...result.named].map(([name, value]) => [name, taken(value)])).toEqual([['a', [-5]]]);
      expect(result.nothing).toBeUndefined();
    }
    step.dispose();
  });

  leakless('is recorded once for each shape, and for each value of what is neither tensor nor number', () => {
    let runs = 0;
    const step = recorded('by kind', (x: tf.Tensor, negative: boolean) => {
      runs++;
      return tf.sum(negative ? tf.neg(x) : x);
    });
    const inputs = [tf.ones([2]), tf.ones([3])];
    for (let call = 0; call < 3; call++) {
      const results = inputs.flatMap((x) => [taken(step(x, false)), taken(step(x, true))]);
      expect(results).toEqual([[2], [-2], [3], [-3]]);
    }
    // Each of the four was recorded and checked once.
    expect(runs).toBe(8);
    step.dispose();
    tf.dispose(inputs);
  });

  leakless('keeps apart inputs that were one tensor when it was recorded', () => {
    const step = recorded('difference', (a: tf.Tensor, b: tf.Tensor) => tf.sub(a, b));
    const [one, two] = [tf.scalar(1), tf.scalar(2)];
    expect([1, 2].map(() => taken(step(one, one)))).toEqual([[0], [0]]);
    expect(taken(step(two, one))).toEqual([1]);
    tf.dispose([one, two]);
    step.dispose();
  });

  leakless('gives tensors of their own, also where it returns what it was given', () => {
    const step = recorded('same', (x: tf.Tensor) => [x, x]);
    const x = tf.scalar(3);
    for (let call = 0; call < 3; call++) {
      const results = step(x);
      expect(results.flatMap(taken)).toEqual([3, 3]);
    }
    expect(taken(x)).toEqual([3]);
    step.dispose();
  });

  leakless('keeps no more than 32 recordings, and records again what had to make way', () => {
    const step = recorded('many', (x: tf.Tensor) => tf.sum(x));
    for (let round = 0; round < 2; round++) {
      for (let size = 1; size <= 40; size++) {
        const x = tf.ones([size]);
        for (let call = 0; call < 3; call++) expect(taken(step(x))).toEqual([size]);
        x.dispose();
      }
    }
    step.dispose();
  });

  leakless('is released from TensorFlow, and can be recorded again', () => {
    const step = recorded('released', (x: tf.Tensor) => tf.add(x, 1));
    const x = tf.scalar(1);
    const names = operationsOf(() => {
      for (let call = 0; call < 3; call++) taken(step(x));
    });
    const [name] = names.at(-1)!.split(' ') as [string];
    step.dispose();
    expect(() => backend.executeMultipleOutputs(name, [], [x], 1)).toThrow(name);
    expect([1, 2, 3].map(() => taken(step(x)))).toEqual([[2], [2], [2]]);
    step.dispose();
    x.dispose();
  });

  leakless('is part of the step that calls it while that is recorded', () => {
    const inner = recorded('inner', (x: tf.Tensor, rate: tf.Scalar) => tf.mul(x, rate));
    const outer = recorded('outer', (x: tf.Tensor) => tf.add(inner(x, 3), 1));
    const x = tf.scalar(2);
    const names = operationsOf(() => {
      for (let call = 0; call < 3; call++) expect(taken(outer(x))).toEqual([7]);
    });
    expect(names.at(-1)).toMatch(/^outer_/);
    outer.dispose();
    inner.dispose();
    x.dispose();
  });

  leakless('runs as it is written inside of tf.grads, and may take gradients itself', () => {
    const cube = recorded('cube', (x: tf.Tensor) => tf.mul(x, tf.square(x)));
    const slope = recorded('slope', (x: tf.Tensor) => tf.grad((y) => cube(y))(x));
    const x = tf.scalar(2);
    for (let call = 0; call < 3; call++) {
      expect(taken(cube(x))).toEqual([8]);
      expect(taken(tf.grad((y: tf.Tensor) => cube(y))(x))).toEqual([12]);
      expect(taken(slope(x))).toEqual([12]);
    }
    tf.dispose(x);
    cube.dispose();
    slope.dispose();
  });

  leakless('draws the same noise for the same seed, and other noise for another', () => {
    const { TF_FLOAT, TF_INT32, TF_ATTR_TYPE } = backend.binding as unknown as Record<string, number>;
    const step = recorded('noise', (seed: tf.Tensor1D) => {
      const attributes = [
        { name: 'dtype', type: TF_ATTR_TYPE!, value: TF_FLOAT },
        { name: 'T', type: TF_ATTR_TYPE!, value: TF_INT32 },
        { name: 'Tseed', type: TF_ATTR_TYPE!, value: TF_INT32 },
      ];
      const shape = tf.tensor1d([5], 'int32');
      return backend.executeMultipleOutputs('StatelessRandomNormal', attributes, [shape, seed], 1)[0]!;
    });
    const draws = [1, 2, 3, 1, 2, 3].map((number) => {
      const seed = tf.tensor1d([7, number], 'int32');
      const noise = taken(step(seed));
      seed.dispose();
      return noise;
    });
    expect(draws.slice(3)).toEqual(draws.slice(0, 3));
    expect(new Set(draws.flat()).size).toBe(15);
    step.dispose();
  });

  leakless('runs as it is written where steps are not to be recorded', () => {
    recordSteps(false);
    const step = recorded('eager', (x: tf.Tensor, rate: tf.Scalar) => tf.mul(x, rate));
    const x = tf.scalar(2);
    const names = operationsOf(() => {
      for (let call = 0; call < 4; call++) expect(taken(step(x, 3))).toEqual([6]);
    });
    expect(names).toEqual(Array.from({ length: 4 }, () => 'Mul T'));
    x.dispose();
  });
});

describe('the example of docs/recorded-step.md', () => {
  leakless('learns, with a rate that falls', () => {
    const weights = tf.tidy(() => tf.variable(tf.zeros<tf.Rank.R2>([3, 2])));
    const step = recorded('training step', (x: tf.Tensor2D, labels: tf.Tensor2D, rate: tf.Scalar) => {
      const { value, grads } = tf.variableGrads(
        () => tf.losses.sigmoidCrossEntropy(labels, tf.matMul(x, weights)) as tf.Scalar,
      );
      weights.assign(tf.sub(weights, tf.mul(grads[weights.name]!, rate)));
      return value;
    });
    const x = tf.tensor2d([1, 0, 0, 0, 1, 0, 0, 0, 1], [3, 3]);
    const labels = tf.tensor2d([1, 0, 0, 1, 1, 1], [3, 2]);
    const losses = Array.from({ length: 9 }, (_, call) => taken(step(x, labels, 4 / (call + 1)))[0]!);
    expect(losses).toEqual([...losses].sort((a, b) => b - a));
    expect(losses.at(-1)).toBeLessThan(0.6 * losses[0]!);
    tf.dispose([x, labels, weights]);
    step.dispose();
  });
});

describe('a compiled step', () => {
  leakless('computes the same but for rounding', () => {
    const step = recorded('compiled', (x: tf.Tensor1D) => tf.exp(tf.mul(tf.sub(x, tf.mean(x)), 2)));
    const x = tf.tensor1d([1, 2, 4]);
    const plain = taken(step(x));
    taken(step(x));
    try {
      compileSteps(true);
      let compiled: number[] = [];
      const [operation] = operationsOf(() => {
        compiled = taken(step(x));
      });
      expect(operation).toMatch(/^compiled_\d+ _XlaMustCompile$/);
      for (const [index, value] of plain.entries()) expect(compiled[index]! / value).toBeCloseTo(1, 5);
    } finally {
      compileSteps(false);
    }
    step.dispose();
    x.dispose();
  });
});
