/** The ways in which tables segment: as published, the same and cleaned (method.md 4.1), with all that needs no learning. */
import { fullInference } from '../../contracts/presets.ts';
import { type InferenceConfig, InferenceSchema } from '../../contracts/run-config.ts';

export const inferenceNames = ['plain', 'cleaned', 'full'] as const;
export type InferenceName = (typeof inferenceNames)[number];

export const inferences: Readonly<Record<InferenceName, InferenceConfig>> = {
  plain: InferenceSchema.parse({}),
  cleaned: InferenceSchema.parse({ cleaning: true }),
  full: InferenceSchema.parse(fullInference),
};
