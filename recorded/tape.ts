/** What a recording holds: operations, what they read, and what comes out of them. */
import type * as tf from '@tensorflow/tfjs-core';
import type { OpAttribute } from './native-backend.ts';

/**
 * A tensor of the tape: the name of an input (`input_0`), a captured variable (`variable_0`), a constant (`constant_0`)
 * or an operation (`Conv3D_12`, its second output `Conv3D_12:1`).
 */
export type Reference = string;

export interface TensorType {
  /** TF_DataType. */
  readonly dtype: number;
  readonly shape: readonly number[];
}

export interface Source extends TensorType {
  readonly name: string;
}

export interface Constant extends Source {
  /** The numbers as they lie in memory; a single one where all are the same. */
  readonly content: Uint8Array;
}

export interface Operation {
  readonly name: string;
  readonly type: string;
  readonly attributes: readonly OpAttribute[];
  readonly inputs: readonly Reference[];
  readonly outputs: readonly TensorType[];
}

export interface Tape {
  readonly inputs: readonly Source[];
  readonly variables: readonly (Source & { readonly variable: tf.Variable })[];
  readonly constants: readonly Constant[];
  /** In the order in which they ran. */
  readonly operations: readonly Operation[];
  /** What the step returns. */
  readonly outputs: readonly Reference[];
  /** Variables that the step gave a new value. */
  readonly assigned: readonly { readonly variable: tf.Variable; readonly value: Reference }[];
}

/** The name of what a reference reads. */
export function nameIn(reference: Reference): string {
  const colon = reference.indexOf(':');
  return colon < 0 ? reference : reference.slice(0, colon);
}

/** Which of its outputs a reference reads. */
export function outputIn(reference: Reference): number {
  const colon = reference.indexOf(':');
  return colon < 0 ? 0 : Number(reference.slice(colon + 1));
}

/** The tape without what no output needs. */
export function pruned(tape: Tape): Tape {
  const needed = new Set([...tape.outputs, ...tape.assigned.map(({ value }) => value)].map(nameIn));
  const operations: Operation[] = [];
  for (const operation of [...tape.operations].reverse()) {
    if (!needed.has(operation.name)) continue;
    operations.push(operation);
    for (const input of operation.inputs) needed.add(nameIn(input));
  }
  operations.reverse();
  return { ...tape, operations, constants: tape.constants.filter(({ name }) => needed.has(name)) };
}

/** The first thing that differs between two recordings of a step, in words; undefined when they are the same. */
export function differenceBetween(before: Tape, now: Tape): string | undefined {
  const [constantsBefore, constantsNow] = [constantsOf(before), constantsOf(now)];
  const length = Math.max(before.operations.length, now.operations.length);
  for (let i = 0; i < length; i++) {
    const [was, is] = [before.operations[i], now.operations[i]];
    if (was?.type !== is?.type)
      return `runs ${is?.type ?? 'nothing more'} where it ran ${was?.type ?? 'nothing more'}`;
    if (JSON.stringify(was!.attributes) !== JSON.stringify(is!.attributes))
      return `runs ${is!.name} with other attributes`;
    const difference = differenceOfInputs(is!, was!, constantsNow, constantsBefore);
    if (difference !== undefined) return difference;
  }
  const outputs = (tape: Tape) =>
    JSON.stringify([
      tape.outputs,
      tape.assigned.map(({ variable, value }) => [variable.name, value]),
      tape.variables.map(({ variable }) => variable.name),
    ]);
  return outputs(before) === outputs(now) ? undefined : 'returns or assigns something else';
}

type Constants = ReadonlyMap<string, Constant>;

function constantsOf({ constants }: Tape): Constants {
  return new Map(constants.map((constant) => [constant.name, constant]));
}

/** Constants are compared by what they hold: their names count them. */
function differenceOfInputs(
  is: Operation,
  was: Operation,
  constantsNow: Constants,
  constantsBefore: Constants,
): string | undefined {
  for (const [position, input] of is.inputs.entries()) {
    const other = was.inputs[position]!;
    const [old, fresh] = [constantsBefore.get(other), constantsNow.get(input)];
    if (old && fresh) {
      if (!sameConstant(old, fresh))
        return `gives ${is.name} ${described(fresh)} where it gave it ${described(old)}`;
    } else if (other !== input) {
      return `gives ${is.name} the tensor ${input} where it gave it ${other}`;
    }
  }
  return undefined;
}

function sameConstant(a: Constant, b: Constant): boolean {
  return a.dtype === b.dtype && a.shape.join() === b.shape.join() && a.content.join() === b.content.join();
}

const SHOWN_BYTES = 16;

function described({ dtype, shape, content }: Constant): string {
  const whole = content.length % 4 === 0 ? content.slice(0, SHOWN_BYTES) : undefined;
  const numbers = whole && (dtype === 1 ? new Float32Array(whole.buffer) : new Int32Array(whole.buffer));
  const shown = numbers ? [...numbers].map((number) => Number(number.toPrecision(7))).join(', ') : 'bytes';
  return `[${shown}${content.length > SHOWN_BYTES ? ', ...' : ''}] of shape [${shape}]`;
}
