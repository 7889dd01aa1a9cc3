/** Fine-tunes with recorded and with plain steps, whose results are compared bit by bit. */
import { AugmentationSchema } from '../../contracts/augmentation.ts';
import { type PpoConfig, PpoSchema } from '../../contracts/run-config.ts';
import { randomStream } from '../../ground/random.ts';
import type { GreyVideo, LabelVideo } from '../../imaging/image.ts';
import { recordSteps } from '../../recorded/recorded.ts';
import { tinyUNet } from '../networks/tiny-unet.fixture.ts';
import { UNet3D } from '../networks/unet3d.ts';
import { Reward } from '../rewards/reward.ts';
import { rewardNetworkConfig } from '../rewards/reward-network.ts';
import type { TrainingState } from '../training/training.ts';
import { labelledWindowsOf, windowsOf } from '../windows/training-windows.ts';
import { FineTune, type FineTuneProgress, type StepReport } from './fine-tune.ts';
import type { GroupMaterial } from './group/group-objective.ts';

function video(index: number): GreyVideo {
  const random = randomStream(3, 'video', index);
  const grid = { frames: 9, rows: 16, columns: 16 };
  const intensities = Float32Array.from({ length: 9 * 256 }, () => random.uniform());
  return { ...grid, spacingMm: [1, 1], frameTimeMs: 40, intensities };
}

export interface Outcome {
  readonly reports: readonly StepReport[];
  readonly state: TrainingState<FineTuneProgress>;
}

export interface FineTuned {
  readonly record: boolean;
  readonly resume: boolean;
  readonly objective?: 'published' | 'group';
  /** Of the group-relative objective; the usual ones when left out. */
  readonly proposals?: PpoConfig['proposals'];
  readonly steps?: number;
}

/** A segmentation of `video(index)`: bright pixels, where anything is to be seen. */
function labels(index: number): LabelVideo {
  const { intensities, ...geometry } = video(index);
  return { ...geometry, labels: Uint8Array.from(intensities, (level) => Math.floor(level * 2.99)) };
}

/** What the group-relative objective is given: a sweep of both videos, and a third one as the source. */
const group: GroupMaterial = {
  swept: labelledWindowsOf([0, 1].map((index) => ({ image: video(index), labels: labels(index) }))),
  source: labelledWindowsOf([{ image: video(2), labels: labels(2) }]),
  augmentation: AugmentationSchema.parse({
    geometry: { rotationDegrees: 20, scale: 1.35, shiftMm: 2 },
    greyLevels: { gamma: 2 },
  }),
  spacingMm: 1,
  // Anything that follows from the window alone.
  complete: (window) => ({ ...window, labels: window.labels.map((label) => Math.min(label + 1, 2)) }),
};

/**
 * Steps on draws of two windows against both reward networks with the temporal penalty, of the published objective the
 * first for the critic alone; with a resume in the middle by new networks, where that is asked for.
 */
export function fineTune({
  record,
  resume,
  objective = 'published',
  proposals,
  steps = 7,
}: FineTuned): Outcome {
  recordSteps(record);
  const made: { dispose(): void }[] = [];
  const keep = <Made extends { dispose(): void }>(one: Made): Made => {
    made.push(one);
    return one;
  };
  const start = (): FineTune => {
    const network = (name: string, changes = {}) =>
      keep(UNet3D.initialise({ ...tinyUNet, ...changes }, randomStream(1, name)));
    const rewardConfig = rewardNetworkConfig(tinyUNet);
    const reward = keep(
      new Reward(
        (['anatomical-reward', 'landmark-reward'] as const).map((kind) => ({
          kind,
          network: UNet3D.initialise(rewardConfig, randomStream(1, kind)),
          temperature: 1,
        })),
      ),
    );
    return keep(
      new FineTune({
        policy: network('policy'),
        reference: network('policy'),
        ...(objective === 'published' ? { critic: network('critic', { outputChannels: 1 }) } : { group }),
        reward: reward.ofWindows({
          scaling: objective === 'published' ? 'per-frame' : 'none',
          cleaningPenalty: objective === 'group',
          temporalPenalty: { spacingMm: 1 },
        }),
        windows: windowsOf([video(0), video(1)]),
        config: PpoSchema.parse({
          objective,
          proposals,
          epochs: 1,
          windowsPerEpoch: steps,
          windowsPerDraw: 2,
          updatesPerWindow: 3,
          criticWarmupWindows: 1,
          policyLearningRate: 1e-3,
          annealPolicyRate: true,
          changedViews: true,
          consensusShare: 0.5,
          sourceWindows: 2,
          averageDecay: 0.9,
        }),
        iteration: 1,
        seed: 5,
        windowFrames: 4,
      }),
    );
  };
  let training = start();
  const reports: StepReport[] = [];
  while (!training.done) {
    reports.push(training.step());
    if (resume && reports.length === 4) {
      const state = structuredClone(training.state());
      training = start();
      training.restore(state);
    }
  }
  const state = training.state();
  for (const one of made) one.dispose();
  recordSteps(true);
  return { reports, state };
}
