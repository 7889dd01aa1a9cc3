/** The part of tfjs-node's back end that recording works on, by its shape alone: nothing here imports that package. */
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
  /** `values` is data that waits for its first use to be put into TensorFlow. */
  readonly tensorMap: {
    get(dataId: object): { readonly id: number; readonly refCount: number; readonly values: unknown };
  };
  /** Ids of the tensors' data in TensorFlow, after what waits was put there. */
  getInputTensorIds(tensors: readonly tf.Tensor[]): number[];
  /** Takes data of the host for a tensor; gives its data's id. */
  write(values: unknown, shape: readonly number[], dtype: tf.DataType): object;
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

/** True where steps can be recorded: tfjs-node or tfjs-node-gpu, with the addon that this project's set-up builds. */
export function canRecord(backend: object): backend is RecordingBackend {
  const { binding } = backend as { binding?: Partial<NativeBinding> };
  return typeof binding?.registerFunction === 'function' && typeof binding.removeFunction === 'function';
}

/** A tensor of its own over the same data. */
export function identity(backend: NativeBackend, tensor: tf.Tensor): tf.Tensor {
  const type = { name: 'T', type: attributeKinds.indexOf('type'), value: dataTypes[tensor.dtype] };
  return backend.executeMultipleOutputs('Identity', [type], [tensor], 1)[0]!;
}
