/** When a step runs as it is written, when it is recorded, and when the recording runs instead. */
import * as tf from '@tensorflow/tfjs-core';
import { canRecord, type RecordingBackend } from './native-backend.ts';
import { Recording } from './recording.ts';
import { RecordingError } from './recording-error.ts';
import { RegisteredFunction } from './registered-function.ts';
import { differenceBetween, type Tape } from './tape.ts';
import { type FlatTree, flatten } from './tree.ts';

/** Recordings of one step that are kept at a time; the one called longest ago makes way. */
const MOST_RECORDINGS = 32;

let wanted = true;
let recordingNow = false;

/** Says whether this process records steps where it can; it does unless told otherwise. */
export function recordSteps(record: boolean): void {
  wanted = record;
}

/**
 * True where the tensor back end in use can record: native TensorFlow with the addon that this project's set-up builds.
 */
export function stepsCanBeRecorded(): boolean {
  return canRecord(tf.backend());
}

/** True where a step that is called now is recorded, or runs as a recording. */
export function stepsAreRecorded(): boolean {
  return recordingBackend() !== undefined;
}

/** What is known of calls with one structure of arguments. */
interface RecordedCall {
  readonly tape: Tape;
  readonly result: FlatTree;
  calls: number;
  function: RegisteredFunction | undefined;
}

type Step = (...args: unknown[]) => unknown;

export class StepRecorder {
  readonly #name: string;
  readonly #step: Step;
  /** By the arguments' signature, the one called longest ago first. */
  readonly #recordings = new Map<string, RecordedCall>();
  #backend: RecordingBackend | undefined;

  constructor(name: string, step: Step) {
    this.#name = name;
    this.#step = step;
  }

  run(args: readonly unknown[]): unknown {
    const given = flatten(args, (place, value) =>
      this.#refuse(
        `was given as argument ${place} ${kindOf(value)}: it takes tensors, numbers, and trees of them`,
      ),
    );
    const scalars: tf.Tensor[] = [];
    const tensors = given.leaves.map((leaf) => {
      if (typeof leaf !== 'number') return leaf;
      const scalar = tf.scalar(leaf);
      scalars.push(scalar);
      return scalar;
    });
    try {
      const backend = recordingBackend();
      return backend ? this.#runRecorded(given, tensors, backend) : this.#runAsWritten(given, tensors).value;
    } finally {
      tf.dispose(scalars);
    }
  }

  dispose(): void {
    for (const { function: registered } of this.#recordings.values()) registered?.dispose();
    this.#recordings.clear();
  }

  #runRecorded(given: FlatTree, tensors: readonly tf.Tensor[], backend: RecordingBackend): unknown {
    if (backend !== this.#backend) this.dispose();
    this.#backend = backend;
    const known = this.#recordings.get(given.signature);
    const call = (known?.calls ?? 0) + 1;
    // What runs as it is written runs as well as it did before there were recordings, so checking costs little and
    // seldom.
    if (!known || isPowerOfTwo(call)) {
      const { outputs, tape, result } = this.#record(given, tensors, backend);
      if (known) this.#requireSame(known, { tape, result }, call);
      this.#remember(given.signature, known ?? { tape, result, calls: 0, function: undefined });
      return result.rebuild(outputs);
    }
    this.#remember(given.signature, known);
    known.function ??= new RegisteredFunction(this.#name, known.tape, backend);
    return known.result.rebuild(known.function.run(tensors));
  }

  #remember(signature: string, call: RecordedCall): void {
    call.calls++;
    this.#recordings.delete(signature);
    this.#recordings.set(signature, call);
    if (this.#recordings.size <= MOST_RECORDINGS) return;
    const [oldest, { function: registered }] = this.#recordings.entries().next().value!;
    registered?.dispose();
    this.#recordings.delete(oldest);
  }

  #requireSame(known: RecordedCall, now: Pick<RecordedCall, 'tape' | 'result'>, call: number): void {
    const difference =
      known.result.signature === now.result.signature
        ? differenceBetween(known.tape, now.tape)
        : `returns ${now.result.signature} where it returned ${known.result.signature}`;
    if (difference === undefined) return;
    this.#refuse(
      `does something else at call ${call} than when it was recorded: it ${difference}. What differs from call to ` +
        'call must be an argument or a variable; a number, an array or a condition that the step finds elsewhere is ' +
        'fixed when it is recorded',
    );
  }

  #record(
    given: FlatTree,
    tensors: readonly tf.Tensor[],
    backend: RecordingBackend,
  ): { readonly outputs: readonly tf.Tensor[]; readonly tape: Tape; readonly result: FlatTree } {
    const recording = new Recording(this.#name, backend);
    const stands = tensors.map((tensor) => recording.input(tensor));
    recordingNow = true;
    try {
      const { outputs, tape, result } = recording.run(() => this.#runAsWritten(given, stands));
      return { outputs, tape, result };
    } finally {
      recordingNow = false;
      tf.dispose(stands);
    }
  }

  /** Every tensor of the result is one of its own, the caller's. */
  #runAsWritten(
    given: FlatTree,
    tensors: readonly tf.Tensor[],
  ): { readonly value: unknown; readonly outputs: tf.Tensor[]; readonly result: FlatTree } {
    let result: FlatTree | undefined;
    const outputs = tf.tidy(() => {
      const value = this.#step(...(given.rebuild(tensors) as unknown[]));
      result = flatten(value, (place, part) =>
        this.#refuse(`returns ${kindOf(part)}${place && ` as ${place}`}`),
      );
      const taken = new Set<tf.Tensor>(tensors);
      return result.leaves.map((leaf) => {
        if (typeof leaf === 'number')
          return this.#refuse(
            `returns the number ${leaf}, which would be the same at every call: return a tensor`,
          );
        const own = taken.has(leaf) || leaf instanceof tf.Variable ? tf.clone(leaf) : leaf;
        taken.add(leaf);
        return own;
      });
    });
    return { value: result!.rebuild(outputs), outputs, result: result! };
  }

  #refuse(message: string): never {
    throw new RecordingError(this.#name, message);
  }
}

/** The back end in use, where the step about to run can be recorded. */
function recordingBackend(): RecordingBackend | undefined {
  const backend: object = tf.backend();
  // A step inside a recording is a part of it, and one inside of tf.grads must be seen operation by operation.
  return wanted && !recordingNow && !gradientsAreTaken() && canRecord(backend) ? backend : undefined;
}

function gradientsAreTaken(): boolean {
  const { state } = tf.engine() as unknown as { state: { gradientDepth: number } };
  return state.gradientDepth > 0;
}

function isPowerOfTwo(count: number): boolean {
  return (count & (count - 1)) === 0;
}

function kindOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return `a ${typeof value}`;
  return `an object of ${value.constructor?.name ?? 'no class'}`;
}
