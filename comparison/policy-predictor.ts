/** A policy of this project as a predictor of whole videos, plainly or with test-time optimisation (method.md 8). */
import { z } from 'zod';
import { type PolicySettings, statedPolicySettings } from '../contracts/policy-settings.ts';
import { type InferenceConfig, InferenceSchema, type RunConfig } from '../contracts/run-config.ts';
import { preprocess } from '../datasets/preprocessing.ts';
import { DomainError, namingOrigin } from '../ground/errors.ts';
import { segmentPrepared } from '../method/inference/segment-prepared.ts';
import { optimisationReward, segmentOptimised } from '../method/inference/test-time-optimisation.ts';
import { decodeNetwork } from '../method/networks/network-checkpoint.ts';
import type { UNet3D } from '../method/networks/unet3d.ts';
import { Reward } from '../method/rewards/reward.ts';
import { requireModel } from './require-model.ts';
import type { PredictionMaterial, StoredBytes, VideoPredictor } from './system.ts';

/** Fixed, as in `segment`: a video gives the same result beside any other videos. */
const OPTIMISATION_SEED = 0;

/** A setting of systems whose model is a policy of this project. */
export const InferenceChoiceSchema = z
  .enum(['configured', 'plain'])
  .default('configured')
  .describe('plain: sliding windows alone, as published, whatever the configuration adds to them');
export type InferenceChoice = z.infer<typeof InferenceChoiceSchema>;

export interface OpenedPolicy {
  readonly policy: UNet3D;
  readonly settings: PolicySettings;
}

/**
 * The policy with how its file says that videos are prepared and segmented; as the configuration does where it does not
 * say. The caller disposes it.
 * @throws DomainError CheckpointIncompatible naming the origin.
 */
export function openPolicy({ bytes, origin }: StoredBytes, config: RunConfig): OpenedPolicy {
  const { network, metadata } = namingOrigin(origin, () => decodeNetwork(bytes, 'policy'));
  return { policy: network, settings: statedPolicySettings(metadata) ?? config };
}

/** What a policy predicts with: itself, the comparison's configuration and shapes. */
export type PolicyMaterial = Pick<PredictionMaterial<unknown>, 'model' | 'config' | 'shapes'>;

/**
 * The prediction of every video, by all that the inference of the configuration asks for, or plainly.
 * @throws DomainError ArtefactMissing without a model
 */
export function policyPredictor(
  { model, config, shapes }: PolicyMaterial,
  choice: InferenceChoice = 'configured',
): VideoPredictor {
  const { policy, settings } = openPolicy(requireModel(model), config);
  const { preprocessing } = settings;
  const inference = chosenInference(settings, config, choice);
  return {
    predict: ({ image }) =>
      segmentPrepared(policy, preprocess(image, preprocessing), inference, { shapes }).labels,
    dispose: () => policy.dispose(),
  };
}

/**
 * Windows as the policy says that it was trained on. What is added to them is the comparison's, for every policy alike:
 * a policy that was made before may say otherwise.
 */
function chosenInference(
  { inference: { windowFrames, overlap, padFrames, sigmaScale } }: PolicySettings,
  { inference }: RunConfig,
  choice: InferenceChoice,
): InferenceConfig {
  const windows = { windowFrames, overlap, padFrames, sigmaScale };
  return choice === 'configured' ? { ...inference, ...windows } : InferenceSchema.parse(windows);
}

/** Where they cannot be opened, the policy does not stay behind. */
function rewardBeside(policy: UNet3D, rewards: readonly StoredBytes[]): Reward {
  try {
    return Reward.fromCheckpoints(rewards);
  } catch (error) {
    policy.dispose();
    throw error;
  }
}

/**
 * The prediction optimised where it breaks anatomy or time.
 * @throws DomainError ArtefactMissing without a model, ConfigInvalid without a reward network.
 */
export function optimisingPredictor(
  { model, config, shapes, rewards }: PolicyMaterial & Pick<PredictionMaterial<unknown>, 'rewards'>,
  choice: InferenceChoice = 'configured',
): VideoPredictor {
  const given = requireModel(model);
  if (rewards.length === 0) {
    throw new DomainError(
      'ConfigInvalid',
      `${given.origin} was fine-tuned against no reward network, so nothing can be optimised at test time. Name a run with one.`,
    );
  }
  const { policy, settings } = openPolicy(given, config);
  const reward = rewardBeside(policy, rewards);
  const { preprocessing, optimisation } = settings;
  const inference = chosenInference(settings, config, choice);
  const rewardOfWindows = optimisationReward(reward, optimisation, preprocessing.spacingMm);
  return {
    predict: ({ image }) =>
      segmentOptimised({
        policy,
        reward: rewardOfWindows,
        prepared: preprocess(image, preprocessing),
        inference,
        prediction: { shapes },
        seed: OPTIMISATION_SEED,
        config: optimisation,
      }).labels,
    dispose: () => {
      policy.dispose();
      reward.dispose();
    },
  };
}
