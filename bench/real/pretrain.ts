/**
 * Pretraining on the real source set, with checkpoints in a folder, so that a long one can be interrupted and gone on
 * with.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { policySettings } from '../../contracts/policy-settings.ts';
import type { RunConfig } from '../../contracts/run-config.ts';
import { preprocess, preprocessLabels } from '../../datasets/preprocessing.ts';
import { CLASS_COUNT } from '../../ground/labels.ts';
import { randomStream } from '../../ground/random.ts';
import { encodeNetwork } from '../../method/networks/network-checkpoint.ts';
import { decodeSafetensors, encodeSafetensors } from '../../method/networks/safetensors.ts';
import { UNet3D } from '../../method/networks/unet3d.ts';
import { Pretraining } from '../../method/pretraining/pretraining.ts';
import { labelledWindowsOf } from '../../method/windows/training-windows.ts';
import type { RealEcho } from '../shared/real-echo.ts';

export interface PretrainedPolicy {
  readonly file: string;
  readonly steps: number;
  readonly seconds: number;
  /** Of this process, all of its threads together. */
  readonly cpuSeconds: number;
}

/** In the folder. */
export const SOURCE_POLICY = 'policy.safetensors';

const CHECKPOINT_STEPS = 250;

/**
 * Trains on the source's train split and writes `SOURCE_POLICY` into the folder. The tensor back end is selected
 * before.
 */
export function pretrainOnSource(
  echo: RealEcho,
  config: RunConfig,
  folder: string,
  log: (line: string) => void,
): PretrainedPolicy {
  mkdirSync(folder, { recursive: true });
  const started = performance.now();
  const cpu = process.cpuUsage();
  const videos = [...echo.source('train')].map(({ image, reference }) => ({
    image: preprocess(image, config.preprocessing).video,
    labels: preprocessLabels(reference!, config.preprocessing),
  }));
  const shape = {
    ...config.network,
    inputChannels: 1,
    outputChannels: CLASS_COUNT,
    deepSupervision: false,
  };
  const policy = UNet3D.initialise(shape, randomStream(config.seed, 'policy'));
  const training = new Pretraining({
    policy,
    windows: labelledWindowsOf(videos),
    config: config.pretraining,
    augmentation: config.augmentation,
    spacingMm: config.preprocessing.spacingMm,
    seed: config.seed,
    windowFrames: config.training.windowFrames,
  });
  try {
    const checkpoint = join(folder, 'training.safetensors');
    let before = { seconds: 0, cpuSeconds: 0 };
    if (existsSync(checkpoint)) {
      const { arrays, metadata } = decodeSafetensors(readFileSync(checkpoint));
      const { progress, ...spent } = JSON.parse(metadata.state!);
      training.restore({ arrays, progress: training.progressSchema.parse(progress) });
      before = spent;
    }
    const spent = () => {
      const { user, system } = process.cpuUsage(cpu);
      return {
        seconds: before.seconds + (performance.now() - started) / 1000,
        cpuSeconds: before.cpuSeconds + (user + system) / 1e6,
      };
    };
    let mean = Number.NaN;
    while (!training.done) {
      const { loss } = training.step().measures;
      mean = Number.isNaN(mean) ? loss : 0.99 * mean + 0.01 * loss;
      const { done: step } = training.count;
      if (step % CHECKPOINT_STEPS !== 0 && !training.done) continue;
      const { arrays, progress } = training.state();
      const state = JSON.stringify({ progress, ...spent() });
      writeFileSync(`${checkpoint}.part`, encodeSafetensors(arrays, { state }));
      renameSync(`${checkpoint}.part`, checkpoint);
      log(`step ${step} loss ${mean.toFixed(4)} cpu ${spent().cpuSeconds.toFixed(0)} s`);
    }
    const file = join(folder, SOURCE_POLICY);
    writeFileSync(file, encodeNetwork(policy, 'policy', policySettings(config)));
    return { file, steps: training.progress.step, ...spent() };
  } finally {
    training.dispose();
    policy.dispose();
  }
}
