/**
 * What people, workers and workflows say to each other: inputs, results, the progress query, heartbeats. One schema
 * each; types are derived. Workflows import the types alone: their sandbox holds no schemas.
 */
import { z } from 'zod';
import { ArtefactRefSchema } from '../ground/artefact-ref.ts';
import { CARRIED_STATE_VERSION } from './names.ts';
import {
  ChangeIntervalsSchema,
  EvaluationNumbersSchema,
  PolicyResultSchema,
  type PromotionResult,
  PromotionResultSchema,
} from './results.ts';
import { type RunConfig, RunConfigSchema } from './run-config.ts';

const count = z.int().min(0);
const measure = z.number();
/** An array that nobody changes. */
export const list = <Item extends z.ZodType>(item: Item) => z.array(item).readonly();

/** Checked, not completed: what is frozen and hashed is what was asked for, without later versions' defaults. */
export const GivenRunConfigSchema = z.custom<RunConfig>((value) => RunConfigSchema.safeParse(value).success, {
  error: ({ input }) => RunConfigSchema.safeParse(input).error?.message ?? 'not a run configuration',
});

/** Steps of an adaptation in the order of method.md 1. */
export const StageSchema = z.enum([
  'planning',
  'pretraining',
  'fitting the shape autoencoder',
  'fitting the linear shapes',
  'fitting the landmark reward',
  'predicting',
  'labelling',
  'fitting the reward',
  'fine-tuning',
  'evaluating',
  'selecting',
  'reporting',
  'done',
]);
export type Stage = z.infer<typeof StageSchema>;

/** What became of the videos that a sweep labelled (method.md 4.3). */
export const LabelCountsSchema = z.strictObject({
  kept: count,
  corrected: count,
  rejected: count,
  triples: count,
});
export type LabelCounts = Readonly<z.infer<typeof LabelCountsSchema>>;

/** Size of a piece of work that is done in shards. */
export const SweepSizeSchema = z.strictObject({ shards: count, videos: count });
export type SweepSize = Readonly<z.infer<typeof SweepSizeSchema>>;

/** The frozen plan: where it lies, and the counts that orchestration needs. */
export const RunPlanSchema = z.strictObject({
  config: ArtefactRefSchema,
  plan: ArtefactRefSchema,
  sweeps: list(SweepSizeSchema).describe('one entry per iteration'),
  validation: SweepSizeSchema,
  test: SweepSizeSchema,
  initialPolicy: ArtefactRefSchema.exactOptional(),
});
export type RunPlan = Readonly<z.infer<typeof RunPlanSchema>>;

/** The reward networks that judge a policy; their maps are fused by the pixelwise minimum (method.md 5.4). */
export const RewardModelSchema = z.strictObject({
  network: ArtefactRefSchema.describe('the anatomical network'),
  temperature: z
    .number()
    .positive()
    .describe('divides the logits of the anatomical network before the sigmoid (method.md 5.3)'),
  landmark: ArtefactRefSchema.exactOptional(),
});
export type RewardModel = Readonly<z.infer<typeof RewardModelSchema>>;

export const SteeringStateSchema = z.strictObject({
  paused: z.boolean(),
  stopping: z.boolean(),
  concurrency: z
    .int()
    .min(1)
    .exactOptional()
    .describe('shards in flight at once; as many as the compute workers need when left out'),
});
export type SteeringState = Readonly<z.infer<typeof SteeringStateSchema>>;

/** Everything that one run of history hands to the next. */
export const CarriedStateSchema = z.strictObject({
  version: z.literal(CARRIED_STATE_VERSION),
  startedAt: z.string(),
  plan: RunPlanSchema,
  autoencoder: ArtefactRefSchema.exactOptional(),
  landmark: ArtefactRefSchema.exactOptional().describe('the landmark reward network'),
  policies: list(PolicyResultSchema).describe(
    'one per finished iteration, the policy before adaptation first',
  ),
  reward: RewardModelSchema.exactOptional(),
  labels: list(LabelCountsSchema),
  quarantined: count,
  steering: SteeringStateSchema,
});
export type CarriedState = Readonly<z.infer<typeof CarriedStateSchema>>;

export const AdaptationInputSchema = z.strictObject({
  run: z.string().min(1).describe('names the run in the store and is its workflow id'),
  config: GivenRunConfigSchema,
  model: z
    .string()
    .min(1)
    .exactOptional()
    .describe('the model that the best policy becomes the champion of, when it passes the gate'),
  carried: CarriedStateSchema.exactOptional().describe('set by continue-as-new and by a restart only'),
});
export type AdaptationInput = Readonly<z.infer<typeof AdaptationInputSchema>>;

export const AdaptationResultSchema = z.strictObject({
  run: z.string(),
  policies: list(PolicyResultSchema),
  best: PolicyResultSchema,
  report: ArtefactRefSchema,
  quarantined: count,
  stopped: z.boolean().describe('true when the run was ended early by the `stop` update'),
  promotion: PromotionResultSchema.exactOptional(),
  change: ChangeIntervalsSchema.exactOptional().describe(
    'of the kept policy from that before the adaptation, on the test videos',
  ),
  changeFromPlain: ChangeIntervalsSchema.exactOptional().describe(
    'of the kept policy from that before the adaptation segmented as published',
  ),
});
export type AdaptationResult = Readonly<z.infer<typeof AdaptationResultSchema>>;

/** Answer of the `progress` query. */
export const ProgressSchema = z.strictObject({
  run: z.string(),
  stage: StageSchema,
  state: z.enum(['running', 'paused', 'stopping']),
  iteration: count.describe('0 before the first iteration'),
  iterations: count,
  done: count.describe(
    'units of this stage that are finished, of `total`; a training stage is one unit, its steps are in heartbeats',
  ),
  total: count,
  unit: z.enum(['shards', 'steps', 'rounds']),
  startedAt: z.string().describe('ISO 8601 in UTC'),
  stageStartedAt: z.string(),
  etaSeconds: measure.exactOptional().describe('of this stage, once something is finished'),
  reward: measure.exactOptional().describe('latest mean reward on validation videos'),
  before: EvaluationNumbersSchema.exactOptional(),
  now: EvaluationNumbersSchema.exactOptional(),
  labels: LabelCountsSchema.exactOptional(),
  quarantined: count,
  concurrency: count.describe('shards that may be in flight at once'),
});
export type Progress = Readonly<z.infer<typeof ProgressSchema>>;

/** How far an activity is: small, and enough to follow it from outside. */
export const HeartbeatSchema = z.strictObject({
  step: z.number().min(0),
  total: z.number().min(0).describe('of all steps, at most'),
  phase: z
    .string()
    .exactOptional()
    .describe('what the steps go through just now, where they do not train: `validation windows`, say'),
  loss: measure.exactOptional(),
  reward: measure.exactOptional(),
  preparing: z
    .strictObject({ done: count, total: count })
    .exactOptional()
    .describe('videos made ready before the next step, while that lasts'),
});
export type Heartbeat = Readonly<z.infer<typeof HeartbeatSchema>>;

/** What Temporal keeps of an activity from one attempt to the next. */
export const AttemptDetailsSchema = z.strictObject({
  ...HeartbeatSchema.shape,
  furthest: z
    .strictObject({ step: z.number().min(0), prepared: count })
    .default({ step: 0, prepared: 0 })
    .describe('of all attempts'),
  idleMs: z.number().min(0).default(0).describe('time spent since any attempt got further than that, ms'),
  outOfMemory: count.default(0).describe('attempts that ran out of memory since then'),
  at: z.number().min(0).default(0).describe('when this was said, ms since 1970; 0 when unknown'),
});
export type AttemptDetails = Readonly<z.infer<typeof AttemptDetailsSchema>>;

export const NightlyInputSchema = z.strictObject({
  model: z
    .string()
    .min(1)
    .describe('its champion is adapted further and replaced when the result is no worse'),
  config: GivenRunConfigSchema,
});
export type NightlyInput = Readonly<z.infer<typeof NightlyInputSchema>>;

export interface NightlyResult {
  readonly run: string;
  readonly promotion: PromotionResult;
}
