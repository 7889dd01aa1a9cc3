/** What `evaluate` reports: measures of method.md 9 per video and over all videos. Field names are an interface. */
import { z } from 'zod';

/** Anatomical criteria in the order of method.md 9.2; the first one that fails names a frame's failure. */
export const anatomicalCriterionNames = [
  'lvPresent',
  'holesInLv',
  'disconnectedLv',
  'disconnectedMyo',
  'holesInEpicardium',
  'gapBetweenLvAndMyo',
  'lvToMyoWidthRatio',
  'myoThickness',
  'lvBackgroundFrontierTooSmall',
  'lvBackgroundFrontierTooLarge',
] as const;

export type AnatomicalCriterionName = (typeof anatomicalCriterionNames)[number];

/** Temporal measures of method.md 9.3. epiCenterX is the ROW of the centre, epiCenterY its column, as published. */
export const temporalMeasureNames = [
  'lvArea',
  'myoArea',
  'lvBaseWidth',
  'lvLength',
  'epiCenterX',
  'epiCenterY',
  'hausdorffMyo',
  'hausdorffEpi',
] as const;

export type TemporalMeasureName = (typeof temporalMeasureNames)[number];

const share = z.number().min(0).max(1);
const notNegative = z.number().min(0);
const frameIndex = z.int().min(0);

export const DiceScoresSchema = z
  .object({ lv: share, myo: share, epi: share, mean: share.describe('mean of lv and myo') })
  .describe('Dice overlap over the whole video');

export const HausdorffMmSchema = z
  .object({
    lv: notNegative,
    myo: notNegative,
    epi: notNegative,
    mean: notNegative.describe('mean of lv and epi'),
  })
  .describe('maximum Hausdorff distance in mm, mean over frames');

export const VideoScoreSchema = z.object({
  id: z.string().min(1).describe('file name without extension'),
  frames: z.int().min(1),
  spacing: z.tuple([z.number().positive(), z.number().positive()]).describe('mm per pixel: row, column'),
  dice: DiceScoresSchema.optional().describe('only with a reference'),
  hausdorffMm: HausdorffMmSchema.optional().describe('only with a reference'),
  anatomical: z.object({
    valid: z.boolean(),
    invalidFrames: z.array(frameIndex),
    failures: z
      .record(z.string().regex(/^\d+$/), z.enum(anatomicalCriterionNames))
      .describe('first criterion that fails, by frame'),
  }),
  temporal: z.object({
    valid: z.boolean(),
    flaggedFrames: z.array(frameIndex),
    failures: z
      .partialRecord(z.enum(temporalMeasureNames), z.array(frameIndex))
      .describe('flagged frames, by measure'),
  }),
  landmarks: z
    .object({
      mistakesPerCycle5mm: notNegative,
      mistakesPerCycle7_5mm: notNegative,
      cycles: z.int().min(1),
    })
    .optional()
    .describe('mitral valve mistakes per cardiac cycle; only with a reference'),
  clinical: z.object({
    edFrame: frameIndex,
    esFrame: frameIndex,
    ejectionFraction: z
      .number()
      .nullable()
      .describe('Simpson, single plane; null when it cannot be measured'),
    gls: z.number().nullable().describe('global longitudinal strain; null when it cannot be measured'),
  }),
});

export type VideoScore = z.infer<typeof VideoScoreSchema>;

export const EvaluationSummarySchema = z.object({
  dice: DiceScoresSchema.optional().describe('mean over videos with a reference'),
  hausdorffMm: HausdorffMmSchema.optional().describe('mean over videos with a reference'),
  anatomicalValidity: share.describe('share of valid videos; 0 without videos'),
  temporalValidity: share.describe('share of valid videos; 0 without videos'),
  mistakesPerCycle5mm: notNegative.optional().describe('mean over videos with a reference'),
  videos: z.int().min(0),
});

export type EvaluationSummary = z.infer<typeof EvaluationSummarySchema>;

export const EvaluationReportSchema = z.object({
  videos: z.array(VideoScoreSchema),
  summary: EvaluationSummarySchema,
});

export type EvaluationReport = z.infer<typeof EvaluationReportSchema>;
