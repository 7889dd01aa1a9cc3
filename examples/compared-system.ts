/**
 * A system to compare, in one file: it calls what is dark and in the middle the ventricle. With one line in
 * comparison/registry.ts, `threshold`, it is a row of `echoloop compare --systems threshold unet3d`.
 */
import { z } from 'zod';
import { finishedTraining } from '../comparison/finished-training.ts';
import { requireModel } from '../comparison/require-model.ts';
import type { System } from '../comparison/system.ts';
import { geometryOf } from '../imaging/image.ts';

const SettingsSchema = z.strictObject({
  radius: z.number().gt(0).max(1).default(0.3).describe('of what counts as the middle, as a share of the picture'),
});
type Settings = z.infer<typeof SettingsSchema>;
const ModelSchema = z.object({ threshold: z.number() });

export const threshold: System<Settings> = {
  settings: SettingsSchema,
  describe: ({ radius }) => ({
    title: 'Threshold',
    summary: `Dark pixels within ${radius} of the middle; the threshold is the mean grey level of the source.`,
    standing: 'contender',
  }),
  // Its only training is over at once; one with steps returns a `Training` (method/training/training.ts).
  train: () => [
    {
      name: 'threshold',
      budget: { source: 0, adaptation: 0 },
      needs: { source: true, target: 'nothing' },
      begin: async ({ source }) => {
        let [sum, count] = [0, 0];
        for (let video = 0; video < source.count; video++) {
          await source.fetch?.([{ video, startFrame: 0 }], source.frames(video));
          for (const grey of source.window(video, 0, source.frames(video))) {
            sum += grey;
            count++;
          }
        }
        return finishedTraining(() => new TextEncoder().encode(JSON.stringify({ threshold: sum / count })));
      },
    },
  ],
  predict: ({ model, settings }) => {
    const text = new TextDecoder().decode(requireModel(model).bytes);
    const { threshold } = ModelSchema.parse(JSON.parse(text));
    return {
      predict: ({ image }) => {
        const { rows, columns, intensities } = image;
        const labels = Uint8Array.from(intensities, (grey, i) => {
          const [row, column] = [Math.floor(i / columns) % rows, i % columns];
          const distance = Math.hypot(row / rows - 0.5, column / columns - 0.5);
          return grey < threshold && distance < settings.radius ? 1 : 0;
        });
        return { ...geometryOf(image), labels };
      },
      dispose: () => undefined,
    };
  },
};
