/** Named starting points over the defaults of run-config.ts: how large the work is, nothing about where it runs. */
import type { z } from 'zod';
import type { RunConfigSchema } from './run-config.ts';

type Preset = Omit<Partial<z.input<typeof RunConfigSchema>>, 'source' | 'target'>;

export const presets: Readonly<Record<'tiny' | 'small' | 'paper', Preset>> = {
  /** Minutes on two processor cores: the whole method on phantoms. */
  tiny: {
    preset: 'tiny',
    iterations: 2,
    preprocessing: { spacingMm: 1.3, multiple: 8 },
    network: {
      baseFilters: 8,
      strides: [
        [1, 1, 1],
        [1, 2, 2],
        [2, 2, 2],
        [2, 2, 2],
      ],
      kernels: [
        [1, 3, 3],
        [3, 3, 3],
        [3, 3, 3],
        [3, 3, 3],
      ],
    },
    pretraining: { steps: 600, learningRate: 2e-3, checkpointEverySteps: 25 },
    sweep: { videosPerIteration: 32, videosPerShard: 8, concurrentShards: 2 },
    autoencoder: { maskSize: 64, baseFilters: 8, steps: 400 },
    rewardFit: { epochs: 8, stepsPerEpoch: 60, accumulation: 2, plateauPatience: 2, stopPatience: 4 },
    ppo: {
      epochs: 3,
      windowsPerEpoch: 32,
      checkpointEveryWindows: 8,
      validationVideos: 8,
    },
  },
  /** Hours on a workstation GPU. */
  small: {
    preset: 'small',
    preprocessing: { spacingMm: 0.74, multiple: 16 },
    network: {
      baseFilters: 16,
      strides: [
        [1, 1, 1],
        [1, 2, 2],
        [2, 2, 2],
        [2, 2, 2],
      ],
      kernels: [
        [1, 3, 3],
        [3, 3, 3],
        [3, 3, 3],
        [3, 3, 3],
      ],
    },
    pretraining: { steps: 5000 },
    sweep: { videosPerIteration: 500, videosPerShard: 16 },
    autoencoder: { maskSize: 128, steps: 5000 },
  },
  /** The published configuration: all defaults. */
  paper: { preset: 'paper' },
};
