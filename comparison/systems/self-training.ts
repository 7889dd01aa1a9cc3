/**
 * Self-training: the policy labels the target's videos, with all that inference can do, and is trained on them and the
 * source; then again. A strong control: it needs no reward, and what it gains adaptation by reward has to beat.
 */
import { z } from 'zod';
import type { InferenceConfig } from '../../contracts/run-config.ts';
import { counted } from '../../ground/counted.ts';
import { predictVideo } from '../../method/inference/segment-prepared.ts';
import { halfAndHalf } from '../half-and-half.ts';
import { openPolicy, policyPredictor } from '../policy-predictor.ts';
import { requireModel } from '../require-model.ts';
import { beginSupervised, sourceTraining } from '../source-training.ts';
import type { System, SystemTraining } from '../system.ts';

const SettingsSchema = z.strictObject({
  rounds: z.int().min(1).max(5).default(2).describe('of labelling and training'),
  smoothingFrames: z
    .number()
    .min(0)
    .max(5)
    .default(1)
    .describe('standard deviation of the mean of probabilities over time, frames'),
});
type Settings = z.infer<typeof SettingsSchema>;

/** Every view of test-time augmentation, fused over time, cleaned. */
function consensus(inference: InferenceConfig, { smoothingFrames }: Settings): InferenceConfig {
  const reach = Math.ceil(2 * smoothingFrames);
  const weights = Array.from({ length: 2 * reach + 1 }, (_, i) =>
    smoothingFrames === 0 ? 1 : Math.exp(-((i - reach) ** 2) / (2 * smoothingFrames ** 2)),
  );
  return { ...inference, cleaning: true, timeFusion: { ...inference.timeFusion, weights } };
}

function round(number: number, { rounds }: Settings): SystemTraining<Settings> {
  return {
    name: `round-${number}`,
    budget: { source: 0, adaptation: 1 / rounds },
    needs: { source: true, target: 'labels' },
    labeller: ({ before, config, settings, shapes }) => {
      const { policy } = openPolicy(before, config);
      const inference = consensus(config.inference, settings);
      return {
        label: (video) => predictVideo(policy, video, inference, { augment: true, shapes }),
        dispose: () => policy.dispose(),
      };
    },
    begin: (material) => {
      const { policy } = openPolicy(requireModel(material.before), material.config);
      return beginSupervised({ policy, windows: halfAndHalf(material.source, material.target) }, material);
    },
  };
}

export const selfTraining: System<Settings> = {
  settings: SettingsSchema,
  describe: ({ rounds }) => ({
    title: 'Self-training',
    summary: `${counted(rounds, 'round')} of training on the source and, in half of the windows, on the target as the policy before labelled it: the mean over views, smoothed over time and cleaned. Ours, as a control.`,
    standing: 'contender',
  }),
  train: (settings) => [
    sourceTraining,
    ...Array.from({ length: settings.rounds }, (_, index) => round(index + 1, settings)),
  ],
  predict: (material) => policyPredictor(material),
};
