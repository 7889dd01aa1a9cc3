/** Chooses the network kernels for the tensor back end in use. */
import * as tf from '@tensorflow/tfjs-core';
import { isNativeBackend } from '../../../recorded/native-backend.ts';
import type { NetworkKernels } from './kernel-interface.ts';
import { NativeKernels } from './native-kernels.ts';
import { PortableKernels } from './portable-kernels.ts';

const kernelsByBackend = new WeakMap<object, NetworkKernels>();

/** The kernels of the tensor back end in use. */
export function networkKernels(): NetworkKernels {
  const backend = tf.backend();
  let kernels = kernelsByBackend.get(backend);
  if (!kernels) {
    kernels = isNativeBackend(backend) ? new NativeKernels(backend) : new PortableKernels();
    kernelsByBackend.set(backend, kernels);
  }
  return kernels;
}
