/** The way into native TensorFlow: tfjs-node's back end runs any TensorFlow operation by name. */
import type * as tf from '@tensorflow/tfjs-core';

export interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

type TypeCode = 'TF_ATTR_TYPE' | 'TF_ATTR_INT' | 'TF_ATTR_FLOAT' | 'TF_ATTR_BOOL' | 'TF_ATTR_STRING';

/** The part of tfjs-node's back end that is used here. */
export interface NativeBackend {
  readonly binding: Readonly<Record<TypeCode | 'TF_FLOAT' | 'TF_INT32', number>>;
  readonly isUsingGpuDevice: boolean;
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
}

/** True for tfjs-node and tfjs-node-gpu. */
export function isNativeBackend(backend: object): backend is NativeBackend {
  return 'binding' in backend && 'executeMultipleOutputs' in backend;
}

/** Attributes of operations, by the type that TensorFlow declares for them. */
export function attributesFor({ binding }: NativeBackend) {
  const attribute =
    (code: TypeCode) =>
    (name: string, value: unknown): OpAttribute => ({ name, type: binding[code], value });
  const type = attribute('TF_ATTR_TYPE');
  return {
    float32: (name: string) => type(name, binding.TF_FLOAT),
    int32: (name: string) => type(name, binding.TF_INT32),
    integers: attribute('TF_ATTR_INT'),
    float: attribute('TF_ATTR_FLOAT'),
    boolean: attribute('TF_ATTR_BOOL'),
    text: attribute('TF_ATTR_STRING'),
  };
}
