/** Masks that were made elsewhere: any system's predictions as a row, and experts against each other. */
import { z } from 'zod';
import { readAlignedLabels } from '../../datasets/nifti.ts';
import { DomainError } from '../../ground/errors.ts';
import type { PredictionMaterial, System, VideoPredictor } from '../system.ts';

const SettingsSchema = z.strictObject({
  title: z.string().min(1).max(80).exactOptional().describe('of the row in the table'),
  summary: z.string().max(400).exactOptional().describe('what made the masks'),
});
type Settings = z.infer<typeof SettingsSchema>;

function givenMasks({ givenMask }: PredictionMaterial<Settings>): VideoPredictor {
  return {
    predict: async ({ id, image }) => {
      const bytes = await givenMask(id);
      if (bytes) return readAlignedLabels(bytes, id, image);
      throw new DomainError(
        'DatasetInvalid',
        `No mask of the video ${id} was handed in: the row misses it. Add it to the folder and compare anew.`,
      );
    },
    dispose: () => undefined,
  };
}

/** A folder of predictions. */
export const folder: System<Settings> = {
  settings: SettingsSchema,
  describe: ({ title = 'Predictions made elsewhere', summary = 'Masks as they were handed in.' }) => ({
    title,
    summary,
    standing: 'contender',
  }),
  predict: givenMasks,
};

/** One expert's masks, scored against another's, which are handed in as the row's own references. */
export const interExpert: System<Settings> = {
  settings: SettingsSchema,
  describe: ({ title = 'Inter-expert', summary = 'One expert against another on the same videos.' }) => ({
    title,
    summary,
    standing: 'reference',
  }),
  predict: givenMasks,
};
