/** A network as a predictor of windows of any size, which is what sliding over a video needs of it. */
import type * as tf from '@tensorflow/tfjs-core';
import { planUNet, type UNetConfig } from '../networks/unet-plan.ts';
import { predictPadded } from './reflection.ts';
import type { WindowPredictor } from './sliding-window.ts';

/** What inference needs of a network (`UNet3D` is one). */
export interface Predictor {
  readonly config: UNetConfig;
  forward(x: tf.Tensor5D): tf.Tensor5D;
}

/** The network as a predictor of windows of any size: what its strides do not divide is continued by reflection. */
export function windowPredictor(network: Predictor): WindowPredictor {
  const { multiples } = planUNet(network.config);
  const sizes = [multiples[0], multiples[1], multiples[2]] as const;
  return (windows) => predictPadded(windows, sizes, (x) => network.forward(x));
}
