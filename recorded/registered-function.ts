/**
 * A tape as a function of TensorFlow's, which is an operation like any other: its inputs and outputs stay on the
 * device.
 */
import type * as tf from '@tensorflow/tfjs-core';
import { functionGraph } from './graph.ts';
import { attributeOf, type OpAttribute, type RecordingBackend } from './native-backend.ts';
import { waitsOf } from './ordering.ts';
import { integerField, joined, messageField } from './protobuf.ts';
import { RecordingError } from './recording-error.ts';
import { pruned, type Tape } from './tape.ts';

/**
 * ConfigProto with graph_options.rewrite_options.disable_meta_optimizer: TensorFlow runs what was recorded. Its
 * rewriter would gain nothing that was measured here, and sums that it puts in another order round differently.
 */
const AS_RECORDED = joined(messageField(10, messageField(10, integerField(19, true))));

const asRecorded: readonly OpAttribute[] = [attributeOf.text('config_proto', AS_RECORDED)];
const compiled: readonly OpAttribute[] = [attributeOf.boolean('_XlaMustCompile', true)];

let compiling = false;

/**
 * Says whether recordings are compiled by XLA, TensorFlow's compiler, when they are called; they are not unless told.
 * It merges operations, so results are no longer the same to the last bit, and it takes seconds for each shape. On
 * processors it is many times slower.
 */
export function compileSteps(compile: boolean): void {
  compiling = compile;
}

let registered = 0;

export class RegisteredFunction {
  readonly #step: string;
  readonly #tape: Tape;
  readonly #backend: RecordingBackend;
  readonly #name: string;

  /** @throws RecordingError when TensorFlow does not take it */
  constructor(step: string, tape: Tape, backend: RecordingBackend) {
    this.#step = step;
    this.#tape = tape;
    this.#backend = backend;
    this.#name = `${step.replace(/\W+/g, '_')}_${registered++}`;
    const needed = pruned(tape);
    const { graph, inputs, outputs } = functionGraph(needed, waitsOf(needed));
    try {
      backend.binding.registerFunction(this.#name, graph, inputs, outputs);
    } catch (error) {
      throw new RecordingError(step, `is not accepted by TensorFlow: ${(error as Error).message}`);
    }
  }

  /** Runs the step on other inputs and the variables' present values, and assigns what it assigned. */
  run(inputs: readonly tf.Tensor[]): tf.Tensor[] {
    const { variables, outputs, assigned } = this.#tape;
    const values = variables.map(({ variable }) => {
      if (variable.isDisposed)
        throw new RecordingError(this.#step, `reads the variable ${variable.name}, which is disposed`);
      return variable;
    });
    const results = this.#backend.executeMultipleOutputs(
      this.#name,
      compiling ? compiled : asRecorded,
      [...inputs, ...values],
      outputs.length + assigned.length,
    );
    assigned.forEach(({ variable }, index) => {
      const value = results[outputs.length + index]!;
      variable.assign(value);
      value.dispose();
    });
    return results.slice(0, outputs.length);
  }

  dispose(): void {
    this.#backend.binding.removeFunction(this.#name);
  }
}
