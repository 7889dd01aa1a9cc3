/** What the report page shows: the whole story of a run, ready to draw, with every picture inside. */
import { z } from 'zod';
import {
  ChangeIntervalsSchema,
  EvaluationNumbersSchema,
  PromotionResultSchema,
} from '../contracts/results.ts';

const text = z.string();
const count = z.int().min(0);
const pictureUri = z
  .string()
  .regex(
    /^data:image\/(png|gif);base64,/,
    'expected a PNG or GIF as a data URI, so that the page is one file',
  );

export const ReportCurveSchema = z.strictObject({
  stage: text.describe(
    'curves of one stage share a chart when they share a unit, such as "Policy fine-tuning, iteration 1"',
  ),
  name: text,
  xLabel: text.default('step'),
  unit: text.optional().describe('what the vertical axis shows'),
  points: z.array(z.tuple([z.number(), z.number()])).describe('[x, y], in order'),
});

export const ReportPictureSchema = z.strictObject({
  title: text,
  caption: text.default(''),
  alt: text.describe('what the picture shows, for people who do not see it'),
  uri: pictureUri,
  still: pictureUri.optional().describe('shown in place of an animation to people who ask for less motion'),
});

export const ReportDataSchema = z.strictObject({
  run: text,
  generatedAt: z.iso.datetime().optional(),
  codeVersion: text.optional(),
  config: z.strictObject({
    preset: text,
    seed: z.int(),
    iterations: count,
    source: text,
    target: text,
    settings: z
      .array(z.strictObject({ name: text, value: text }))
      .default([])
      .describe('the rest of the frozen configuration, for the folded table'),
  }),
  before: EvaluationNumbersSchema.optional().describe('held-out target videos, policy before the adaptation'),
  after: EvaluationNumbersSchema.optional().describe('the same videos, best policy of the run'),
  change: ChangeIntervalsSchema.optional().describe('95 % intervals of after - before'),
  plain: EvaluationNumbersSchema.optional().describe(
    'the same videos, policy before the adaptation, segmented as published where the run does more',
  ),
  changeFromPlain: ChangeIntervalsSchema.optional().describe('95 % intervals of after - plain'),
  choseThePolicy: z
    .literal(true)
    .optional()
    .describe('there where the numbers are of validation videos, for want of test ones'),
  promotion: PromotionResultSchema.optional(),
  curves: z.array(ReportCurveSchema).default([]),
  pictures: z.array(ReportPictureSchema).default([]),
  labelling: z
    .array(z.strictObject({ iteration: count, kept: count, corrected: count, rejected: count }))
    .default([])
    .describe('outcomes of reward labelling (method.md 4.3)'),
  quarantine: z
    .strictObject({
      videos: count,
      folder: text.describe('of the store, with the reason for each video'),
    })
    .optional(),
  artefacts: z.array(z.strictObject({ name: text, key: text, sha256: text })).default([]),
});

/** What a writer hands in: defaults may be left out. */
export type ReportInput = z.input<typeof ReportDataSchema>;
export type ReportData = z.output<typeof ReportDataSchema>;
export type ReportCurve = z.output<typeof ReportCurveSchema>;
export type ReportPicture = z.output<typeof ReportPictureSchema>;
