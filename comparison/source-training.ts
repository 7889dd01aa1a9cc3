/** Supervised training of a policy on the annotated source: what several systems are, or begin with. */
import { policySettings } from '../contracts/policy-settings.ts';
import type { RunConfig } from '../contracts/run-config.ts';
import { CLASS_COUNT } from '../ground/labels.ts';
import { randomStream } from '../ground/random.ts';
import { encodeNetwork } from '../method/networks/network-checkpoint.ts';
import { UNet3D } from '../method/networks/unet3d.ts';
import { Pretraining } from '../method/pretraining/pretraining.ts';
import type { LabelledWindowSource } from '../method/windows/training-windows.ts';
import type { BegunTraining, SystemTraining, TrainingMaterial } from './system.ts';

/** A policy of the run's shape with the weights that every system starts from. The caller disposes it. */
export function newPolicy({ network, seed }: Pick<RunConfig, 'network' | 'seed'>): UNet3D {
  const shape = { ...network, inputChannels: 1, outputChannels: CLASS_COUNT, deepSupervision: false };
  return UNet3D.initialise(shape, randomStream(seed, 'policy'));
}

export interface SupervisedTraining {
  /** Taken over. */
  readonly policy: UNet3D;
  readonly windows: LabelledWindowSource;
  /** As in `PretrainingConfig`. */
  readonly windowsPerStep?: number;
}

/** The run's pretraining (method.md 1, step 0) of the policy on the windows. */
export function beginSupervised(
  { policy, windows, windowsPerStep }: SupervisedTraining,
  { config, steps, rateFactor }: Pick<TrainingMaterial<unknown>, 'config' | 'steps' | 'rateFactor'>,
): BegunTraining {
  const { pretraining, augmentation, preprocessing, seed } = config;
  const training = new Pretraining({
    policy,
    windows,
    config: {
      ...pretraining,
      steps,
      // A short training rises for a tenth of it at most.
      warmupSteps: Math.min(pretraining.warmupSteps, Math.floor(steps / 10)),
      learningRate: pretraining.learningRate * rateFactor,
      windowsPerStep: windowsPerStep ?? pretraining.windowsPerStep,
    },
    augmentation,
    spacingMm: preprocessing.spacingMm,
    seed,
    windowFrames: config.training.windowFrames,
  });
  return {
    training,
    model: () => encodeNetwork(policy, 'policy', policySettings(config)),
    dispose: () => {
      training.dispose();
      policy.dispose();
    },
  };
}

/** Shared by all systems that start from it. */
export const sourceTraining: SystemTraining<unknown> = {
  name: 'source',
  isSource: true,
  isShared: true,
  budget: { source: 1, adaptation: 0 },
  needs: { source: true, target: 'nothing' },
  begin: (material) =>
    beginSupervised({ policy: newPolicy(material.config), windows: material.source }, material),
};
