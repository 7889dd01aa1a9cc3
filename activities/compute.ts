/** The activities that need tensors, by name; they run in the tensor process of a compute worker. */
import type { ComputeActivityName } from '../contracts/activities.ts';
import { labelForSystem } from './comparison/stages/label-for-system.ts';
import { planComparison } from './comparison/stages/plan-comparison.ts';
import { predictForSystem } from './comparison/stages/predict-for-system.ts';
import { trainSystem } from './comparison/stages/train-system.ts';
import type { ActivityContext } from './context.ts';
import { fineTunePolicy } from './fine-tune-policy.ts';
import { fitLandmarkReward } from './fit-landmark-reward.ts';
import { fitRewardNetwork } from './fit-reward-network.ts';
import { fitShapeAutoencoder } from './fit-shape-autoencoder.ts';
import { labelShard } from './label-shard.ts';
import { mergeRound } from './merge-round.ts';
import { predictShard } from './predict-shard.ts';
import { pretrainPolicy } from './pretrain-policy.ts';
import { ratePolicy } from './rate-policy.ts';
import { trainLocally } from './train-locally.ts';

export const computeActivities = {
  pretrainPolicy,
  fitShapeAutoencoder,
  fitLandmarkReward,
  predictShard,
  labelShard,
  fitRewardNetwork,
  fineTunePolicy,
  trainLocally,
  mergeRound,
  ratePolicy,
  planComparison,
  trainSystem,
  labelForSystem,
  predictForSystem,
} satisfies Record<ComputeActivityName, (input: never, context: ActivityContext) => Promise<unknown>>;
