/** The 3D U-Net trained on the source alone (method.md 11): what every adaptation has to be better than. */
import { z } from 'zod';
import { InferenceChoiceSchema, policyPredictor } from '../policy-predictor.ts';
import { sourceTraining } from '../source-training.ts';
import type { System } from '../system.ts';

const SettingsSchema = z.strictObject({
  budget: z
    .enum(['source', 'whole'])
    .default('source')
    .describe('whole: trained for as long as the adapted systems, not shared with them'),
  inference: InferenceChoiceSchema,
});
type Settings = z.infer<typeof SettingsSchema>;

export const unet3d: System<Settings> = {
  settings: SettingsSchema,
  describe: ({ budget, inference }, isBrought = false) => ({
    title: `3D U-Net (source only${budget === 'whole' ? ', whole budget' : ''}${inference === 'plain' ? ', plain inference' : ''})`,
    summary: isBrought
      ? 'A policy as it was brought.'
      : 'Supervised training on the annotated source, cross entropy and Dice; it has seen no target video.',
    standing: 'contender',
  }),
  train: ({ budget }) => [
    budget === 'source'
      ? sourceTraining
      : {
          ...sourceTraining,
          name: 'whole',
          isSource: false,
          isShared: false,
          budget: { source: 1, adaptation: 1 },
        },
  ],
  predict: (material) => policyPredictor(material, material.settings.inference),
};
