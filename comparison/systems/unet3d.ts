/** The 3D U-Net trained on the source alone (method.md 11): what every adaptation has to be better than. */
import { z } from 'zod';
import { policyPredictor } from '../policy-predictor.ts';
import { requireModel } from '../require-model.ts';
import { sourceTraining } from '../source-training.ts';
import type { System } from '../system.ts';

const SettingsSchema = z.strictObject({
  budget: z
    .enum(['source', 'whole'])
    .default('source')
    .describe('whole: trained for as long as the adapted systems, not shared with them'),
});
type Settings = z.infer<typeof SettingsSchema>;

export const unet3d: System<Settings> = {
  settings: SettingsSchema,
  describe: () => ({
    title: '3D U-Net (source only)',
    summary:
      'Supervised training on the annotated source, cross entropy and Dice; it has seen no target video.',
    standing: 'contender',
  }),
  train: ({ budget }) => [
    budget === 'source'
      ? sourceTraining
      : { ...sourceTraining, name: 'whole', isSource: false, budget: { source: 1, adaptation: 1 } },
  ],
  predict: ({ model, config }) => policyPredictor(requireModel(model), config),
};
