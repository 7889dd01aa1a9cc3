/**
 * The part of tfjs-node's back end that recordings and kernels work on, by its shape alone: nothing here imports that
 * package. It runs any operation of TensorFlow by name.
 */
import type * as tf from '@tensorflow/tfjs-core';

/** An attribute of an operation; `type` is a code of `attributeKinds`. */
export interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** What TensorFlow's TF_AttrType stands for, by its code. */
export const attributeKinds = ['string', 'integer', 'float', 'boolean', 'type', 'shape'] as const;

/** TensorFlow's TF_DataType codes that tfjs-node has a type for. */
export const dataTypes = { float32: 1, int32: 3, string: 7, complex64: 8, bool: 10 } as const;

type ValueOf = (name: string, value: unknown) => OpAttribute;

function ofKind(kind: (typeof attributeKinds)[number]): ValueOf {
  const type = attributeKinds.indexOf(kind);
  return (name, value) => ({ name, type, value });
}

const ofType = ofKind('type');

/** Makes attributes of operations, by the type that TensorFlow declares for them. */
export const attributeOf = {
  type: ofType,
  float32: (name: string) => ofType(name, dataTypes.float32),
  int32: (name: string) => ofType(name, dataTypes.int32),
  integers: ofKind('integer'),
  float: ofKind('float'),
  boolean: ofKind('boolean'),
  text: ofKind('string'),
} as const;

/** Bytes of a number of the types whose numbers a graph can give once for all. */
export const elementSizes: Readonly<Record<number, number>> = {
  [dataTypes.float32]: 4,
  [dataTypes.int32]: 4,
  [dataTypes.bool]: 1,
};

export interface OutputInfo {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}

export interface NativeBinding {
  /** Of TensorFlow's library. */
  readonly TF_Version: string;
  executeOp(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly number[],
    outputs: number,
  ): OutputInfo[];
  createTensor(shape: number[], dtype: number, values: unknown): number;
  getNumOfTensors(): number;
  /** Absent where the addon was built without them (docs/recorded-step.md). */
  registerFunction?(
    name: string,
    graph: Uint8Array,
    inputs: readonly string[],
    outputs: readonly string[],
  ): void;
  removeFunction?(name: string): void;
}

export interface NativeBackend {
  /** Replaced while a step is recorded. */
  binding: NativeBinding;
  readonly isUsingGpuDevice: boolean;
  /** `values` is data that waits for its first use to be put into TensorFlow. */
  readonly tensorMap: {
    get(dataId: object): { readonly id: number; readonly refCount: number; readonly values: unknown };
  };
  /** Ids of the tensors' data in TensorFlow, after what waits was put there. */
  getInputTensorIds(tensors: readonly tf.Tensor[]): number[];
  /** Takes data of the host for a tensor; gives its data's id. */
  write(values: unknown, shape: readonly number[], dtype: tf.DataType): object;
  executeSingleOutput(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly tf.Tensor[],
  ): tf.Tensor;
  executeMultipleOutputs(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly tf.Tensor[],
    outputs: number,
  ): tf.Tensor[];
  readSync(dataId: object): unknown;
}

/** tfjs-node with an addon that can register functions. */
export type RecordingBackend = NativeBackend & {
  binding: NativeBinding & Required<Pick<NativeBinding, 'registerFunction' | 'removeFunction'>>;
};

/** True for tfjs-node and tfjs-node-gpu. */
export function isNativeBackend(backend: object): backend is NativeBackend {
  return 'binding' in backend && 'executeMultipleOutputs' in backend;
}

/** True where steps can be recorded: tfjs-node or tfjs-node-gpu, with the addon that this project's set-up builds. */
export function canRecord(backend: object): backend is RecordingBackend {
  const { binding } = backend as { binding?: Partial<NativeBinding> };
  return typeof binding?.registerFunction === 'function' && typeof binding.removeFunction === 'function';
}

/** A tensor of its own over the same data. */
export function identity(backend: NativeBackend, tensor: tf.Tensor): tf.Tensor {
  return backend.executeSingleOutput('Identity', [attributeOf.type('T', dataTypes[tensor.dtype])], [tensor]);
}
