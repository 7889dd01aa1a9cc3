/**
 * Records a step while it runs: between step and back end, every operation is written down as it passes, so the first
 * run of a step is a run like any other and its results are good.
 */
import * as tf from '@tensorflow/tfjs-core';
import {
  dataTypes,
  elementSizes,
  identity,
  type NativeBinding,
  type RecordingBackend,
} from './native-backend.ts';
import { completeAttributes, obstacleOf } from './operations.ts';
import { littleEndian } from './protobuf.ts';
import { RecordingError } from './recording-error.ts';
import type { Constant, Operation, Reference, Source, Tape } from './tape.ts';

/**
 * A host array of more bytes is taken for data that the step should have been given, not for a constant of the step.
 */
const MOST_CONSTANT_BYTES = 16_384;

/** A host array that became a tensor while recording; `content` is missing where it is too large for a constant. */
type HostArray = Omit<Constant, 'name' | 'content'> & { readonly content: Uint8Array | undefined };

interface RegisteredVariables {
  readonly registeredVariables: Readonly<Record<string, tf.Variable>>;
}

function registeredVariables(): tf.Variable[] {
  const { registeredVariables } = tf.engine() as unknown as RegisteredVariables;
  return Object.values(registeredVariables).filter(({ dtype }) => dtype !== 'string');
}

export class Recording {
  readonly #step: string;
  readonly #backend: RecordingBackend;
  readonly #binding: NativeBinding;
  readonly #references = new Map<number, Reference>();
  readonly #inputs: Source[] = [];
  readonly #variables: Tape['variables'][number][] = [];
  readonly #constants = new Map<string, Constant>();
  readonly #operations: Operation[] = [];
  readonly #hostArrays = new Map<number, HostArray>();
  /** Data that the step took from the host. */
  readonly #written = new WeakSet<object>();
  /** By their data as the step begins, and by its id in TensorFlow once the step reads it. */
  readonly #variablesByData = new Map<object, tf.Variable>();
  readonly #variablesById = new Map<number, tf.Variable>();
  /** Where the step tried to read a tensor: an asynchronous read keeps its error to itself. */
  #readError: RecordingError | undefined;

  constructor(step: string, backend: RecordingBackend) {
    this.#step = step;
    this.#backend = backend;
    this.#binding = backend.binding;
  }

  /**
   * A tensor that stands for the input in the step: what the step reads of it elsewhere is no input. The caller
   * disposes it.
   */
  input(tensor: tf.Tensor): tf.Tensor {
    const stand = identity(this.#backend, tensor);
    const id = this.#idOf(stand);
    const name = `input_${this.#inputs.length}`;
    this.#inputs.push({ name, dtype: dataTypes[tensor.dtype], shape: [...tensor.shape] });
    this.#references.set(id, name);
    return stand;
  }

  /**
   * Runs the step; what it returns is on the tape then.
   * @throws RecordingError when it reads a tensor on the host, uses one that it was not given, or keeps one.
   */
  run<Result extends { readonly outputs: readonly tf.Tensor[] }>(
    step: () => Result,
  ): Result & { readonly tape: Tape } {
    this.#noteVariables();
    const tensorsBefore = tf.memory().numTensors;
    const { result, tape } = this.#listeningTo(() => {
      const result = step();
      return { result, tape: this.#tape(result.outputs) };
    });
    if (this.#readError) throw this.#readError;
    const kept = tf.memory().numTensors - tensorsBefore - result.outputs.length;
    if (kept > 0) throw this.#error(`keeps ${kept} tensors besides those that it returns (tf.keep)`);
    if (kept < 0) throw this.#error(`frees ${-kept} tensors that it was given`);
    return { ...result, tape };
  }

  #listeningTo<Result>(step: () => Result): Result {
    const backend = this.#backend;
    const { binding, readSync, write, getInputTensorIds } = backend;
    backend.binding = Object.create(binding, {
      executeOp: { value: this.#executeOp },
      createTensor: { value: this.#createTensor },
    }) as RecordingBackend['binding'];
    backend.readSync = (dataId) => {
      // What the step itself made of numbers of the host is no secret to it.
      if (this.#written.has(dataId)) return readSync.call(backend, dataId);
      return this.#refuseRead(dataId);
    };
    backend.write = (...args) => {
      const dataId = write.apply(backend, args);
      this.#written.add(dataId);
      return dataId;
    };
    backend.getInputTensorIds = (tensors) => {
      for (const tensor of tensors) this.#requireKnown(tensor);
      const ids = getInputTensorIds.call(backend, tensors);
      tensors.forEach(({ dataId }, index) => {
        const variable = this.#variablesByData.get(dataId);
        if (variable) this.#variablesById.set(ids[index]!, variable);
      });
      return ids;
    };
    try {
      return step();
    } finally {
      Object.assign(backend, { binding, readSync, write, getInputTensorIds });
    }
  }

  #tape(outputs: readonly tf.Tensor[]): Tape {
    const before = new Map([...this.#variablesByData].map(([dataId, variable]) => [variable, dataId]));
    const assigned = registeredVariables().flatMap((variable) => {
      if (!before.has(variable))
        throw this.#error(`makes the variable ${variable.name}: make variables outside of steps`);
      if (before.get(variable) === variable.dataId) return [];
      return [{ variable, value: this.#referenceTo(this.#idOf(variable), variable.name) }];
    });
    const returned = outputs.map((tensor) => this.#referenceTo(this.#idOf(tensor), 'its result'));
    return {
      inputs: this.#inputs,
      variables: this.#variables,
      constants: [...this.#constants.values()],
      operations: this.#operations,
      outputs: returned,
      assigned,
    };
  }

  /** Gives every variable data that no other tensor shares, so that the data says whose it is. */
  #noteVariables(): void {
    for (const variable of registeredVariables()) {
      if (this.#backend.tensorMap.get(variable.dataId).refCount > 1) {
        const own = identity(this.#backend, variable);
        variable.assign(own);
        own.dispose();
      }
      this.#variablesByData.set(variable.dataId, variable);
    }
  }

  readonly #executeOp: NativeBinding['executeOp'] = (type, attributes, inputs, outputs) => {
    const obstacle = obstacleOf(type);
    if (obstacle) throw this.#error(`runs ${type}, ${obstacle}`);
    const name = `${type}_${this.#operations.length}`;
    const references = inputs.map((id) => this.#referenceTo(id, name));
    const results = this.#binding.executeOp(type, attributes, inputs, outputs);
    results.forEach(({ id }, index) => {
      this.#references.set(id, index === 0 ? name : `${name}:${index}`);
    });
    this.#operations.push({
      name,
      type,
      attributes: completeAttributes(type, attributes, results),
      inputs: references,
      outputs: results.map(({ dtype, shape }) => ({ dtype, shape: [...shape] })),
    });
    return results;
  };

  readonly #createTensor: NativeBinding['createTensor'] = (shape, dtype, values) => {
    const id = this.#binding.createTensor(shape, dtype, values);
    if (ArrayBuffer.isView(values))
      this.#hostArrays.set(id, { dtype, shape: [...shape], content: contentOf(values, dtype) });
    return id;
  };

  #refuseRead(dataId: object): never {
    const { id } = this.#backend.tensorMap.get(dataId);
    const what = this.#references.get(id) ?? 'a tensor';
    this.#readError ??= this.#error(
      `reads ${what} on the host (dataSync, data, arraySync or array), which a recorded step cannot do: return the ` +
        'tensor and read it outside',
    );
    throw this.#readError;
  }

  #referenceTo(id: number, reader: string): Reference {
    const known = this.#references.get(id);
    if (known !== undefined) return known;
    const name = this.#captureVariable(id) ?? this.#constantOf(id, reader);
    if (name === undefined) throw this.#foreign(`in ${reader}`);
    this.#references.set(id, name);
    return name;
  }

  /** Data that a tensor from outside still keeps on the host would look like a constant of the step. */
  #requireKnown({ dataId, shape }: tf.Tensor): void {
    if (dataId === undefined || this.#written.has(dataId) || this.#variablesByData.has(dataId)) return;
    if (this.#backend.tensorMap.get(dataId).values) throw this.#foreign(`of shape [${shape}]`);
  }

  #foreign(where: string): RecordingError {
    return this.#error(
      `uses a tensor ${where} that was made outside of it and is neither an argument nor a variable: its value ` +
        'would be frozen into the recording, so pass it as an argument',
    );
  }

  #captureVariable(id: number): Reference | undefined {
    const variable = this.#variablesById.get(id);
    if (!variable) return undefined;
    const name = `variable_${this.#variables.length}`;
    this.#variables.push({ name, dtype: dataTypes[variable.dtype], shape: [...variable.shape], variable });
    return name;
  }

  #constantOf(id: number, reader: string): Reference | undefined {
    const array = this.#hostArrays.get(id);
    if (!array) return undefined;
    const { dtype, shape, content } = array;
    if (content === undefined) {
      throw this.#error(
        `makes a tensor of shape [${shape}] from host data for ${reader}, which would be frozen into the recording: ` +
          'make it outside and pass it as an argument',
      );
    }
    const key = `${dtype} ${shape} ${content.join()}`;
    let constant = this.#constants.get(key);
    if (!constant) {
      constant = { name: `constant_${this.#constants.size}`, dtype, shape, content };
      this.#constants.set(key, constant);
    }
    return constant.name;
  }

  #idOf(tensor: tf.Tensor): number {
    return this.#backend.getInputTensorIds([tensor])[0]!;
  }

  #error(message: string): RecordingError {
    return new RecordingError(this.#step, message);
  }
}

/** A copy of the array's bytes, of its first number's where all are the same; nothing of a large array. */
function contentOf(values: ArrayBufferView, dtype: number): Uint8Array | undefined {
  const bytes = littleEndian(values);
  const width = elementSizes[dtype];
  if (width !== undefined && bytes.length > width && isUniform(bytes, width)) return bytes.slice(0, width);
  return values.byteLength > MOST_CONSTANT_BYTES ? undefined : bytes.slice();
}

function isUniform(bytes: Uint8Array, width: number): boolean {
  for (let i = width; i < bytes.length; i++) if (bytes[i] !== bytes[i - width]) return false;
  return true;
}
