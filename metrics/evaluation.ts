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

const DiceScoresSchema = z
  .object({ lv: share, myo: share, epi: share, mean: share.describe('mean of lv and myo') })
  .describe('Dice overlap over the whole video');

const HausdorffMmSchema = z
  .object({
    lv: notNegative,
    myo: notNegative,
    epi: notNegative,
    mean: notNegative.describe('mean of lv and epi'),
  })
  .describe('maximum Hausdorff distance in mm, mean over frames');

const ReliabilityBinSchema = z.object({
  from: share,
  to: share,
  count: z.int().min(1).describe('pixels'),
  meanConfidence: share,
  accuracy: share,
});

/** Method.md 9.6, over the pixels where prediction or reference is foreground. */
export const UncertaintyScoresSchema = z.object({
  ece: share.describe('expected calibration error, 20 equal bins'),
  mce: share.describe('maximum calibration error, 20 equal bins'),
  ace: share.describe('expected calibration error over 20 bins of equal pixel counts'),
  mutualInformation: notNegative.describe('of error and uncertainty, nats'),
  normalisedMutualInformation: share,
  meanUncertainty: share.describe('mean of 1 - confidence'),
  pixels: z.int().min(0),
});

export type UncertaintyScores = z.infer<typeof UncertaintyScoresSchema>;

const TemporalScoresSchema = z.object({
  valid: z.boolean(),
  flaggedFrames: z.array(frameIndex),
  failures: z
    .partialRecord(z.enum(temporalMeasureNames), z.array(frameIndex))
    .describe('flagged frames, by measure'),
});

export const VideoScoreSchema = z.object({
  id: z.string().min(1).describe('file name without extension'),
  study: z.string().optional().describe('only with a manifest that lists the video'),
  view: z.string().optional().describe('only with a manifest that lists the video'),
  frames: z.int().min(1),
  spacing: z.tuple([z.number().positive(), z.number().positive()]).describe('mm per pixel: row, column'),
  dice: DiceScoresSchema.partial()
    .optional()
    .describe('only with a reference; of the frames and structures that it knows'),
  hausdorffMm: HausdorffMmSchema.partial()
    .optional()
    .describe('only with a reference; of the frames and structures that it knows'),
  annotated: z
    .object({
      frames: z.array(frameIndex),
      structures: z.array(z.enum(['lv', 'myo'])),
    })
    .optional()
    .describe('what the reference knows, where it does not know all; nothing else of it was scored'),
  anatomical: z.object({
    valid: z.boolean(),
    invalidFrames: z.array(frameIndex),
    failures: z
      .record(z.string().regex(/^\d+$/), z.enum(anatomicalCriterionNames))
      .describe('first criterion that fails, by frame'),
  }),
  temporal: TemporalScoresSchema.describe('by the published thresholds'),
  temporalAtFrameRate: TemporalScoresSchema.optional().describe(
    'by thresholds that know the frame rate; missing in reports of earlier versions',
  ),
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
    lostFrames: z
      .array(frameIndex)
      .optional()
      .describe('frames without a ventricle, or with a speck of it: neither of the two; missing without any'),
  }),
  uncertainty: UncertaintyScoresSchema.optional().describe('only with a reference and a confidence map'),
});

export type VideoScore = z.infer<typeof VideoScoreSchema>;

const IntervalSchema = z.object({ low: z.number(), high: z.number() });
const FourIntervalsSchema = z
  .object({ lv: IntervalSchema, myo: IntervalSchema, epi: IntervalSchema, mean: IntervalSchema })
  .partial();

/** 95 % bootstrap percentile intervals of the means over videos; without measures that fewer than two videos have. */
export const SummaryIntervalsSchema = z.object({
  dice: FourIntervalsSchema.optional(),
  hausdorffMm: FourIntervalsSchema.optional(),
  anatomicalValidity: IntervalSchema.optional(),
  temporalValidity: IntervalSchema.optional(),
  temporalValidityAtFrameRate: IntervalSchema.optional(),
  mistakesPerCycle5mm: IntervalSchema.optional(),
  mistakesPerCycle7_5mm: IntervalSchema.optional(),
  flaggedFrames: IntervalSchema.optional(),
  flaggedFramesAtFrameRate: IntervalSchema.optional(),
  ejectionFraction: IntervalSchema.optional(),
  gls: IntervalSchema.optional(),
});

export type SummaryIntervals = z.infer<typeof SummaryIntervalsSchema>;

const GroupSummarySchema = z.object({
  dice: DiceScoresSchema.partial()
    .optional()
    .describe('mean over videos whose reference knows the structure'),
  hausdorffMm: HausdorffMmSchema.partial()
    .optional()
    .describe('mean over videos whose reference knows the structure'),
  anatomicalValidity: share.optional().describe('share of valid videos; missing without videos'),
  temporalValidity: share.optional().describe('share of valid videos; missing without videos'),
  temporalValidityAtFrameRate: share
    .optional()
    .describe('share of videos valid by thresholds that know the frame rate'),
  mistakesPerCycle5mm: notNegative.optional().describe('mean over videos with a reference'),
  mistakesPerCycle7_5mm: notNegative.optional().describe('mean over videos with a reference'),
  flaggedFrames: notNegative.optional().describe('mean number of frames with a temporal flag'),
  flaggedFramesAtFrameRate: notNegative
    .optional()
    .describe('the same by thresholds that know the frame rate'),
  ejectionFraction: z.number().optional().describe('mean over videos where it could be measured'),
  gls: z.number().optional().describe('mean over videos where it could be measured'),
  intervals: SummaryIntervalsSchema.optional(),
  videos: z.int().min(0),
});

export const EvaluationSummarySchema = GroupSummarySchema.extend({
  byView: z
    .record(z.string(), GroupSummarySchema)
    .optional()
    .describe('the same by view; videos that the manifest does not list are in none'),
});

export type EvaluationSummary = z.infer<typeof EvaluationSummarySchema>;

const PairedMeasureSchema = z.object({
  prediction: z.number().describe('mean'),
  baseline: z.number().describe('mean'),
  difference: z.number().describe('mean of prediction - baseline'),
  interval: IntervalSchema.describe('95 % bootstrap interval of the difference'),
  pValue: share.describe("Wilcoxon's signed-rank test, two-sided"),
  videos: z.int().min(1).describe('videos that have the measure under both'),
});

export type PairedMeasure = z.infer<typeof PairedMeasureSchema>;

const PairedVerdictSchema = z.object({
  prediction: share.describe('share of valid videos'),
  baseline: share.describe('share of valid videos'),
  onlyPrediction: z.int().min(0).describe('videos valid under the prediction alone'),
  onlyBaseline: z.int().min(0).describe('videos valid under the baseline alone'),
  pValue: share.describe("McNemar's exact test, two-sided"),
});

export type PairedVerdict = z.infer<typeof PairedVerdictSchema>;

const FourPairedSchema = z
  .object({
    lv: PairedMeasureSchema,
    myo: PairedMeasureSchema,
    epi: PairedMeasureSchema,
    mean: PairedMeasureSchema,
  })
  .partial();

export const ComparisonSchema = z.object({
  videos: z
    .int()
    .min(0)
    .describe('videos scored under both; nothing else enters, and without any nothing is compared'),
  dice: FourPairedSchema.optional(),
  hausdorffMm: FourPairedSchema.optional(),
  mistakesPerCycle5mm: PairedMeasureSchema.optional(),
  mistakesPerCycle7_5mm: PairedMeasureSchema.optional(),
  flaggedFrames: PairedMeasureSchema.optional(),
  flaggedFramesAtFrameRate: PairedMeasureSchema.optional(),
  anatomicalValidity: PairedVerdictSchema.optional(),
  temporalValidity: PairedVerdictSchema.optional(),
  temporalValidityAtFrameRate: PairedVerdictSchema.optional(),
});

export type Comparison = z.infer<typeof ComparisonSchema>;

export const UncertaintyReportSchema = UncertaintyScoresSchema.omit({ pixels: true })
  .extend({
    videos: z.int().min(1),
    correlation: z
      .number()
      .min(-1)
      .max(1)
      .nullable()
      .describe(
        'Pearson, of mean uncertainty and mean Dice over videos that have it; null where it is not defined',
      ),
    pooled: z
      .object({
        ece: share,
        mce: share,
        pixels: z.int().min(0),
        reliability: z.array(ReliabilityBinSchema).describe('bins (from, to], empty ones left out'),
      })
      .describe('the pixels of all videos together'),
  })
  .describe('means over videos, and the pixels of all videos together');

export type UncertaintyReport = z.infer<typeof UncertaintyReportSchema>;

export const StudyScoreSchema = z.object({
  study: z.string(),
  a4c: z.string().describe('id of the video'),
  a2c: z.string().describe('id of the video'),
  ejectionFraction: z.number().nullable().describe('Simpson, biplane; null when it cannot be measured'),
  referenceEjectionFraction: z.number().nullable().optional().describe('of the references; only with them'),
});

export type StudyScore = z.infer<typeof StudyScoreSchema>;

export const EvaluationReportSchema = z.object({
  videos: z.array(VideoScoreSchema),
  summary: EvaluationSummarySchema,
  studies: z.array(StudyScoreSchema).optional().describe('studies of which both apical views were scored'),
  uncertainty: UncertaintyReportSchema.optional(),
  comparison: ComparisonSchema.optional(),
});

export type EvaluationReport = z.infer<typeof EvaluationReportSchema>;
