/** The smallest U-Net with a level below its first, for tests: frames stay apart. */
import { randomStream } from '../../ground/random.ts';
import type { UNetConfig } from './unet-plan.ts';
import { UNet3D } from './unet3d.ts';

export const twoLevels: Pick<UNetConfig, 'strides' | 'kernels'> = {
  strides: [
    [1, 1, 1],
    [1, 2, 2],
  ],
  kernels: [
    [1, 3, 3],
    [1, 3, 3],
  ],
};

/** With weights of the seed. The caller disposes it. */
export function twoLevelUNet(seed: number, inputChannels: number, outputChannels: number): UNet3D {
  const config = { ...twoLevels, baseFilters: 2, maxFilters: 4, deepSupervision: false };
  return UNet3D.initialise({ ...config, inputChannels, outputChannels }, randomStream(seed, 'test'));
}
