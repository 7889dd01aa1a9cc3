/**
 * What of a training step is the network: the recorded calls that it makes, caught with their inputs as they pass
 * between TensorFlow.js and its back end, to be made again by themselves, over tensors that are ready.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { NativeBackend, OpAttribute } from '../../recorded/native-backend.ts';

interface Call {
  readonly name: string;
  readonly attributes: readonly OpAttribute[];
  /** Its own, to be freed. */
  readonly inputs: readonly tf.Tensor[];
  readonly outputs: number;
}

/** The calls that run recordings carry this attribute, and no other operation does. */
const MARK = 'config_proto';

/** The recorded calls of one step, in order. */
export class CaughtCalls {
  readonly #calls: readonly Call[];
  /** As `namesOfCalls` gives them. */
  readonly names: string;

  constructor(calls: readonly Call[]) {
    this.#calls = calls;
    this.names = calls.map(({ name }) => name).join(', ');
  }

  /** Makes them again; nothing of it is kept or read. */
  repeat(): void {
    for (const { name, attributes, inputs, outputs } of this.#calls) {
      tf.dispose(nativeBackend().executeMultipleOutputs(name, attributes, inputs, outputs));
    }
  }

  dispose(): void {
    for (const { inputs } of this.#calls) tf.dispose([...inputs]);
  }
}

function nativeBackend(): NativeBackend {
  return tf.backend() as unknown as NativeBackend;
}

/** Names of the recorded calls that `run` makes. */
export async function namesOfCalls(run: () => Promise<void>): Promise<string> {
  const names: string[] = [];
  await listening((name) => names.push(name), run);
  return names.join(', ');
}

/** The recorded calls that `run` makes. The caller disposes them. */
export async function caughtCalls(run: () => Promise<void>): Promise<CaughtCalls> {
  const calls: Call[] = [];
  await listening((name, attributes, inputs, outputs) => {
    calls.push({ name, attributes, inputs: inputs.map((input) => tf.keep(tf.clone(input))), outputs });
  }, run);
  return new CaughtCalls(calls);
}

async function listening(
  heard: (...call: Parameters<NativeBackend['executeMultipleOutputs']>) => void,
  run: () => Promise<void>,
): Promise<void> {
  const backend = nativeBackend();
  const { executeMultipleOutputs } = backend;
  backend.executeMultipleOutputs = (...call) => {
    if (call[1].some(({ name }) => name === MARK)) heard(...call);
    return executeMultipleOutputs.apply(backend, call);
  };
  try {
    await run();
  } finally {
    backend.executeMultipleOutputs = executeMultipleOutputs;
  }
}
