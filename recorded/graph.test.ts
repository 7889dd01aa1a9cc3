import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { functionGraph } from './graph.ts';
import type { OpAttribute } from './native-backend.ts';
import { waitsOf } from './ordering.ts';
import { differenceBetween, type Operation, pruned, type Tape } from './tape.ts';

interface Message {
  toObject(): unknown;
}
// Google's own reader of the format, as tfjs-node ships it.
const { GraphDef } = createRequire(import.meta.url)('@tensorflow/tfjs-node-gpu/dist/proto/api_pb.js') as {
  GraphDef: { deserializeBinary(bytes: Uint8Array): Message };
};

const float = { dtype: 1, shape: [2, 3] };

function operation(name: string, inputs: string[], shape: number[] = [2, 3]): Operation {
  return { name, type: name.split('_')[0]!, attributes: [], inputs, outputs: [{ dtype: 1, shape }] };
}

function tapeOf(parts: Partial<Tape>): Tape {
  return { inputs: [], variables: [], constants: [], operations: [], outputs: [], assigned: [], ...parts };
}

describe('the graph of a tape', () => {
  it('is what a reader of the format reads again', () => {
    const attributes: OpAttribute[] = [
      { name: 'padding', type: 0, value: 'SAME' },
      { name: 'axis', type: 1, value: -1 },
      { name: 'strides', type: 1, value: [1, 2, 300] },
      { name: 'alpha', type: 2, value: 0.25 },
      { name: 'scales', type: 2, value: [0.5, 2] },
      { name: 'keep', type: 3, value: true },
      { name: 'masks', type: 3, value: [true, false] },
      { name: 'T', type: 4, value: 1 },
      { name: 'shape', type: 5, value: [4, 5] },
    ];
    const tape = tapeOf({
      inputs: [{ name: 'input_0', ...float }],
      constants: [
        { name: 'constant_0', dtype: 3, shape: [2], content: Uint8Array.of(1, 0, 0, 0, 255, 255, 255, 255) },
        { name: 'constant_1', dtype: 3, shape: [9], content: Uint8Array.of(254, 255, 255, 255) },
        { name: 'constant_2', dtype: 1, shape: [9], content: new Uint8Array(Float32Array.of(1.5).buffer) },
        { name: 'constant_3', dtype: 10, shape: [], content: Uint8Array.of(1) },
      ],
      operations: [
        operation('Mul_0', ['input_0', 'constant_0']),
        { ...operation('Split_1', ['Mul_0']), attributes, outputs: [float, { dtype: 3, shape: [] }] },
      ],
      outputs: ['Split_1:1'],
    });
    const { graph, inputs, outputs } = functionGraph(tape, new Map([['Split_1', ['Mul_0']]]));
    expect(inputs).toEqual(['input_0']);
    expect(outputs).toEqual(['output_0']);
    const { nodeList } = GraphDef.deserializeBinary(graph).toObject() as {
      nodeList: {
        name: string;
        op: string;
        inputList: string[];
        attrMap: [string, Record<string, unknown>][];
      }[];
    };
    expect(nodeList.map(({ name, op, inputList }) => [name, op, inputList])).toEqual([
      ['input_0', 'Placeholder', []],
      ['constant_0', 'Const', []],
      ['constant_1', 'Const', []],
      ['constant_2', 'Const', []],
      ['constant_3', 'Const', []],
      ['Mul_0', 'Mul', ['input_0', 'constant_0']],
      ['Split_1', 'Split', ['Mul_0', '^Mul_0']],
      ['output_0', 'Identity', ['Split_1:1']],
    ]);
    const attributesOf = (index: number) => new Map(nodeList[index]!.attrMap);
    const split = attributesOf(6);
    expect(Buffer.from(split.get('padding')!.s as string, 'base64').toString()).toBe('SAME');
    expect(split.get('axis')).toMatchObject({ i: -1 });
    expect(split.get('strides')).toMatchObject({ list: { iList: [1, 2, 300] } });
    expect(split.get('alpha')).toMatchObject({ f: 0.25 });
    expect(split.get('scales')).toMatchObject({ list: { fList: [0.5, 2] } });
    expect(split.get('keep')).toMatchObject({ b: true });
    expect(split.get('masks')).toMatchObject({ list: { bList: [true, false] } });
    expect(split.get('T')).toMatchObject({ type: 1 });
    expect(split.get('shape')).toMatchObject({ shape: { dimList: [{ size: 4 }, { size: 5 }] } });
    expect(attributesOf(0).get('shape')).toMatchObject({ shape: { dimList: [{ size: 2 }, { size: 3 }] } });
    const tensorOf = (index: number) => attributesOf(index).get('value')!.tensor as Record<string, unknown>;
    expect(tensorOf(1)).toMatchObject({ dtype: 3, tensorContent: 'AQAAAP////8=' });
    expect(tensorOf(2)).toMatchObject({ intValList: [-2], tensorShape: { dimList: [{ size: 9 }] } });
    expect(tensorOf(3)).toMatchObject({ floatValList: [1.5] });
    expect(tensorOf(4)).toMatchObject({ dtype: 10, boolValList: [true] });
    // The result's own type, the second output's.
    expect(attributesOf(7).get('T')).toMatchObject({ type: 3 });
  });

  it('leaves out what no output needs', () => {
    const tape = tapeOf({
      inputs: [{ name: 'input_0', ...float }],
      constants: [{ name: 'constant_0', dtype: 1, shape: [], content: new Uint8Array(4) }],
      operations: [
        operation('Add_0', ['input_0', 'constant_0']),
        operation('Square_1', ['input_0']),
        operation('Neg_2', ['Square_1']),
      ],
      outputs: ['Neg_2'],
    });
    expect(pruned(tape)).toMatchObject({
      constants: [],
      operations: [{ name: 'Square_1' }, { name: 'Neg_2' }],
    });
  });
});

describe('the order of a recorded step', () => {
  const large = [2 ** 20];
  const chain = (length: number, first: string) =>
    Array.from({ length }, (_, index) =>
      operation(`Neg_${index}`, [index === 0 ? first : `Neg_${index - 1}`], large),
    );

  it("is TensorFlow's to choose between neighbours", () => {
    expect(waitsOf(tapeOf({ operations: chain(30, 'input_0') }))).toEqual(new Map());
    const pair = [...chain(7, 'input_0'), operation('Exp_7', ['input_0'], large)];
    expect(waitsOf(tapeOf({ operations: pair }))).toEqual(new Map());
  });

  it('keeps what is large and read long before it from being made too soon', () => {
    const operations = [...chain(12, 'input_0'), operation('Exp_12', ['input_0'], large)];
    const waits = new Map([['Exp_12', ['Neg_8', 'Neg_9', 'Neg_10', 'Neg_11']]]);
    expect(waitsOf(tapeOf({ operations }))).toEqual(waits);
    const small = [...chain(12, 'input_0'), operation('Exp_12', ['input_0'], [4])];
    expect(waitsOf(tapeOf({ operations: small }))).toEqual(new Map());
  });
});

describe('the difference between two recordings', () => {
  const content = (value: number) => new Uint8Array(Float32Array.of(value).buffer);
  const tape = (value: number, type = 'Mul') =>
    tapeOf({
      inputs: [{ name: 'input_0', ...float }],
      constants: [{ name: 'constant_0', dtype: 1, shape: [], content: content(value) }],
      operations: [{ ...operation('Mul_0', ['input_0', 'constant_0']), type }],
      outputs: ['Mul_0'],
    });

  it('is none between the same steps', () => {
    expect(differenceBetween(tape(1), tape(1))).toBeUndefined();
  });

  it('is said in words', () => {
    expect(differenceBetween(tape(1), tape(2))).toBe(
      'gives Mul_0 [2] of shape [] where it gave it [1] of shape []',
    );
    expect(differenceBetween(tape(1), tape(1, 'Add'))).toBe('runs Add where it ran Mul');
    expect(differenceBetween(tape(1), { ...tape(1), operations: [] })).toBe(
      'runs nothing more where it ran Mul',
    );
    expect(differenceBetween(tape(1), { ...tape(1), outputs: ['input_0'] })).toContain('returns or assigns');
  });
});
