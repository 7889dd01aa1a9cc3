import type { UNetConfig } from './unet3d.ts';

/** Three levels from a plain frame to halves of rows, columns and frames, one grey channel in, three classes out. */
export const tinyUNet: UNetConfig = {
  baseFilters: 4,
  maxFilters: 320,
  strides: [
    [1, 1, 1],
    [1, 2, 2],
    [2, 2, 2],
  ],
  kernels: [
    [1, 3, 3],
    [3, 3, 3],
    [3, 3, 3],
  ],
  inputChannels: 1,
  outputChannels: 3,
  deepSupervision: false,
};
