/**
 * Recorded steps: a step written in operations of TensorFlow.js runs as one call of native TensorFlow, which is what
 * `tf.function` does for Python. The results are those of the operations one by one, to the last bit
 * (docs/recorded-step.md).
 */
import type * as tf from '@tensorflow/tfjs-core';
import { StepRecorder } from './step-recorder.ts';

export { RecordingError } from './recording-error.ts';
export { compileSteps } from './registered-function.ts';
export { recordSteps, stepsAreRecorded, stepsCanBeRecorded } from './step-recorder.ts';

/** What a step is called with where it takes `Value`: the same, or a number instead of a scalar. */
export type Given<Value> = [tf.Scalar] extends [Value]
  ? Value | number
  : Value extends tf.Tensor | string | boolean | null | undefined
    ? Value
    : Value extends ReadonlyMap<infer Key, infer Item>
      ? ReadonlyMap<Key, Given<Item>>
      : { readonly [Key in keyof Value]: Given<Value[Key]> };

export interface RecordedStep<Arguments extends readonly unknown[], Result> {
  (...args: { [Index in keyof Arguments]: Given<Arguments[Index]> }): Result;
  /** Frees what native TensorFlow holds of the step. A later call records it anew. */
  dispose(): void;
}

/**
 * The step as one that is recorded when it is first called and is one call of TensorFlow from then on, once for each
 * structure of arguments: types and shapes of tensors, and the values of everything that is neither tensor nor number.
 * Where steps cannot be recorded (another back end than native TensorFlow, `recordSteps(false)`, inside of tf.grads),
 * it runs as it is written.
 *
 * What differs from call to call is an argument: tensors, numbers (which the step sees as float32 scalars), and arrays,
 * objects and maps of these; or a `tf.Variable`, whose value at the time of the call counts, and which the step may
 * assign to. Everything else that the step computes with is fixed when it is recorded. That it was not meant to change
 * is checked: a tensor from outside is an error at once, and at the calls 2, 4, 8, 16 ... the step runs as it is
 * written and must come out as it was recorded.
 *
 * Arguments stay the caller's, tensors in the result belong to the caller. The step itself frees nothing of its
 * arguments.
 * @param name names the step in errors and profiles
 * @throws RecordingError from a call, when the step reads a tensor on the host, uses a tensor that it was not given,
 * keeps a tensor, or does something else than when it was recorded
 */
export function recorded<Arguments extends readonly unknown[], Result>(
  name: string,
  step: (...args: Arguments) => Result,
): RecordedStep<Arguments, Result> {
  const recorder = new StepRecorder(name, step as unknown as (...args: unknown[]) => unknown);
  return Object.assign((...args: unknown[]) => recorder.run(args) as Result, {
    dispose: () => recorder.dispose(),
  }) as RecordedStep<Arguments, Result>;
}
