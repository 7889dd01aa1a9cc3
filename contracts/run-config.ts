/**
 * The configuration of one adaptation: every constant of the method, with its default, unit and range. The resolved
 * value is frozen when the run starts and stored beside what it made. Presets are partial configurations over this one.
 */
import { z } from 'zod';
import { AugmentationSchema } from './augmentation.ts';
import { likelyHeartAgreement } from './likely-heart.ts';
import { UNetShapeSchema } from './network-shape.ts';
import { modernised } from './older-run-config.ts';
import { presetNames } from './preset-names.ts';
import { faultsOf } from './run-config-faults.ts';

const positive = z.number().positive().finite();
const share = z.number().min(0).max(1);
const count = z.int().min(0);
const atLeastOne = z.int().min(1);

export const PreprocessingSchema = z.strictObject({
  spacingMm: positive.default(0.37).describe('in-plane pixel size after resampling, mm (method.md 2)'),
  multiple: z
    .int()
    .min(1)
    .default(32)
    .describe('rows and columns are padded or cropped to the next multiple, pixels'),
  clahe: z
    .strictObject({
      enabled: z.boolean().default(true).describe('false: grey levels stay as recorded'),
      clipLimit: positive.default(0.01).describe("largest share of a region's pixels in one bin"),
      tiles: z.int().min(1).default(8).describe('regions along each axis'),
      bins: z.int().min(2).default(256).describe('of the histogram of a region'),
    })
    .prefault({})
    .describe('contrast-limited adaptive histogram equalisation of every frame (method.md 2)'),
});

export const PretrainingSchema = z.strictObject({
  steps: count.default(20_000).describe('optimiser steps of supervised training on the source'),
  learningRate: positive
    .default(1e-3)
    .describe('after the warm-up; from then on it falls to zero, as (1 - progress)^0.9'),
  warmupSteps: count.default(0).describe('steps over which the rate rises in a straight line'),
  windowsPerStep: atLeastOne.default(1).describe('windows whose mean gradient a step follows'),
  averageDecay: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe(
      'the result is the exponential moving average of the weights with this decay a step, less in the first steps; 0: the last weights',
    ),
});

/** Of pretraining, autoencoder, reward fits and fine-tuning alike. */
const TrainingSchema = z.strictObject({
  windowFrames: z
    .int()
    .min(1)
    .default(4)
    .describe(
      'consecutive frames of a training window (method.md 2); where it is left out, as many as inference.windowFrames',
    ),
  checkpointEverySteps: z
    .int()
    .min(1)
    .default(50)
    .describe('a checkpoint each time that so many more are done, as far as `checkpointEverySeconds` allows'),
  checkpointEverySeconds: z
    .number()
    .min(0)
    .default(5)
    .describe(
      'from one checkpoint to the next no less than this, because short steps are cheaper than checkpoints',
    ),
});

const SweepSchema = z.strictObject({
  videosPerIteration: z
    .int()
    .min(1)
    .default(2500)
    .describe('target videos predicted and labelled in one iteration'),
  videosPerShard: z.int().min(1).default(16).describe('videos of one activity'),
  concurrentShards: z
    .int()
    .min(1)
    .optional()
    .describe(
      'activities of a sweep at once, which `scale` can change; as many as compute workers need when left out',
    ),
  maxQuarantinedShare: share
    .default(0.2)
    .describe('the run fails when a larger share of its videos is unusable'),
  scoreTest: z
    .boolean()
    .default(true)
    .describe(
      'score every policy of the run on the test videos, too; they decide nothing, so a comparison, which scores them itself, does without',
    ),
});

/** How often the shape autoencoder halves a mask, down to about 8 x 8. */
export function halvingsOf(maskSize: number): number {
  return Math.max(1, Math.round(Math.log2(maskSize / 8)));
}

export const ShapeAutoencoderSchema = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .describe('false: correction is the morphological one alone (method.md 4.1)'),
  maskSize: z
    .int()
    .min(16)
    .default(256)
    .superRefine((size, context) => {
      const smallest = 2 ** halvingsOf(size);
      if (size % smallest !== 0)
        context.addIssue({
          code: 'custom',
          message: `a multiple of ${smallest}, to be halved down to about 8`,
        });
    })
    .describe('side of the square masks, pixels (method.md 4.2)'),
  baseFilters: z
    .int()
    .min(1)
    .default(16)
    .describe('filters at full mask size; they double up to three times'),
  latentDimensions: z.int().min(8).default(16).describe('of the code; the first seven stand for attributes'),
  steps: count.default(20_000).describe('optimiser steps, on annotations of the source'),
  batchFrames: z.int().min(2).default(16).describe('frames of one step'),
  learningRate: positive.default(1e-3).describe('of Adam'),
  crossEntropyWeight: z.number().min(0).default(0.1).describe('of the cross entropy in the loss'),
  diceWeight: z.number().min(0).default(1).describe('of 1 - soft Dice over the foreground'),
  divergenceWeight: z.number().min(0).default(1e-4).describe('of the KL divergence from the standard normal'),
  attributeWeight: z.number().min(0).default(10).describe('of the attribute regularisation'),
});

export const LinearShapesSchema = z.strictObject({
  components: atLeastOne.max(200).default(30).describe('directions in which shapes may differ from the mean'),
  framesPerVideo: atLeastOne
    .default(4)
    .describe('annotated frames of each source video that it is made of, evenly spread'),
  side: z.int().min(16).max(128).default(48).describe('points along a side of the square around a ventricle'),
});
export type LinearShapesConfig = Readonly<z.infer<typeof LinearShapesSchema>>;

export const LabellingSchema = z.strictObject({
  agreement: share
    .default(0.95)
    .describe('Dice of cleaned and corrected prediction above which it is kept (4.3)'),
  truth: z
    .enum(['prediction', 'sweep'])
    .default('prediction')
    .describe(
      "what is cleaned and taken for a video's truth: the plain prediction of the policy, or what the sweep segmented with all that `inference` asks for; the plain prediction is then an example of the policy's own failures (4.3)",
    ),
  weightNoise: z
    .array(positive)
    .default([0.1, 0.15, 0.2, 0.25])
    .describe('std of the noise on all policy weights'),
  contrast: z.array(share).default([0.4, 0.05]).describe('factors; the rest is the mean grey level'),
  imageNoise: z.array(positive).default([0.3, 0.6]).describe('std of noise on grey levels'),
  structural: count
    .default(0)
    .describe(
      'mistakes of structure that are made in each kept segmentation: its base moved, its wall open, masks of another moment',
    ),
  minimumVideos: count
    .default(4)
    .describe('kept or corrected videos, of all iterations together, below which the run ends'),
});

export const RewardFitSchema = z.strictObject({
  epochs: z.int().min(1).default(50).describe('at most; stopPatience may end the fit earlier'),
  stepsPerEpoch: z
    .int()
    .min(1)
    .optional()
    .describe('windows drawn per epoch; all triples once when left out'),
  learningRate: positive.default(1e-3).describe('of Adam, before the first plateau'),
  accumulation: z
    .int()
    .min(1)
    .default(16)
    .describe('windows whose gradients are added up before one optimiser step'),
  validationShare: share.default(0.1).describe('of the studies; at least one of three or more'),
  testShare: share.default(0.1).describe('likewise'),
  plateauPatience: z
    .int()
    .min(1)
    .default(5)
    .describe('epochs without a better validation loss before the rate falls'),
  plateauFactor: share.default(0.5).describe('by which the rate is multiplied then'),
  stopPatience: z
    .int()
    .min(1)
    .default(15)
    .describe('epochs without a better validation loss before the fit ends'),
});

const LandmarkRewardSchema = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .describe('false: the anatomical reward alone (method.md 5.2); true also costs a second fit'),
  mistakeMm: positive
    .default(4)
    .describe('a base corner that is farther than this from the true one is a mistake, mm'),
  fit: RewardFitSchema.prefault({}).describe('of the landmark network; fields as those of rewardFit'),
});

const temporalPenalty = z
  .boolean()
  .default(true)
  .describe('spread errors where time is broken (method.md 5.5)');

export const PpoSchema = z.strictObject({
  objective: z
    .enum(['published', 'group'])
    .default('published')
    .describe(
      "published: the policy's own segmentation against a critic (method.md 6.1); group: several segmentations of a window against their mean (6.2)",
    ),
  epochs: z.int().min(1).default(5).describe('of one iteration'),
  windowsPerEpoch: z.int().min(1).optional().describe('draws per epoch; one per video when left out'),
  windowsPerDraw: atLeastOne
    .default(1)
    .describe('windows of one video, evenly spread over it, that are updated on together (method.md 2)'),
  updatesPerWindow: z.int().min(1).default(4).describe('K of method.md 6'),
  criticWarmupWindows: count
    .default(0)
    .describe(
      'draws at the start of an iteration that train the critic alone, so that advantages mean something',
    ),
  clipRange: positive.default(0.2).describe('ratios are clipped to 1 - this and 1 + this'),
  policyLearningRate: positive.default(1e-3).describe('of Adam'),
  criticLearningRate: positive.default(5e-3).describe('of Adam'),
  annealPolicyRate: z
    .boolean()
    .default(false)
    .describe('let the policy rate fall to zero over an iteration, in a straight line'),
  gradientNorm: positive.default(0.5).describe('gradients are scaled down to this global norm'),
  entropyCoefficient: z.number().min(0).default(0.15).describe('c_ent of iteration 1'),
  divergenceCoefficient: z.number().min(0).default(0.05).describe('lambda of iteration 1'),
  coefficientsOverIterations: z
    .enum(['constant', 'divided'])
    .default('divided')
    .describe(
      'entropy and divergence coefficient in later iterations; divided is 0.3 / 2i and 0.1 / 2i of the method',
    ),
  reference: z
    .enum(['first', 'previous'])
    .default('first')
    .describe(
      'the frozen policy that the divergence is taken from: the one before adaptation, or the one that the iteration starts from',
    ),
  resultShare: positive
    .max(1)
    .default(1)
    .describe(
      'where the result of iteration 1 lies between the policy that it starts from (0) and the fine-tuned one (1), in weights: less than 1 keeps less of the drift; iteration i takes the i-th power',
    ),
  temporalPenalty,
  cleaningPenalty: z
    .boolean()
    .default(false)
    .describe('no reward where cleaning (method.md 4.1) would change a segmentation'),
  changedViews: z
    .boolean()
    .default(false)
    .describe(
      'group objective: the policy is shown windows changed at random (`augmentation`), the labels of the sweep moved along; false: as they are',
    ),
  proposals: z
    .array(z.enum(['cleaned', 'swept', 'smoothed', 'contrast', 'warped', 'completed']))
    .min(1)
    .refine((names) => new Set(names).size === names.length, { error: 'each proposal once' })
    .default(['cleaned', 'swept'])
    .describe(
      "group objective: the segmentations of a window that are set beside the policy's own; completed needs inference.completion (method.md 6.2)",
    ),
  consensusShare: share
    .default(0)
    .describe(
      'group objective: of what a segmentation earns, the part that it earns where it agrees with the sweep; the rest is the reward',
    ),
  sourceWindows: count
    .default(0)
    .describe(
      'group objective: annotated windows of the source that each draw is joined by, so that nothing is forgotten',
    ),
  sourceWeight: positive.default(1).describe('of the supervised loss of those windows'),
  averageDecay: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe('as in pretraining, of the policy over the draws of an iteration; 0: the last weights'),
  validationVideos: atLeastOne
    .default(16)
    .describe('videos scored by reward after each epoch; the best is kept'),
});

export const LocalSgdSchema = z.strictObject({
  workers: atLeastOne
    .max(256)
    .default(1)
    .describe(
      'compute workers that share pretraining, reward fit and fine-tuning (method.md 7); 1 is plain training',
    ),
  stepsPerRound: atLeastOne
    .default(70)
    .describe(
      'steps of each worker before weights are averaged, in fine-tuning at most those of an epoch; a reward fit averages after each epoch. Without meaning for one worker',
    ),
  outerLearningRate: positive.default(0.7).describe('of the step along the mean weight delta'),
  outerMomentum: z.number().min(0).lt(1).default(0.9).describe('Nesterov momentum of that step'),
});

const TimeFusionSchema = z.strictObject({
  weights: z
    .array(z.number().min(0))
    .min(1)
    .refine((weights) => weights.length % 2 === 1 && weights[(weights.length - 1) / 2]! > 0, {
      error: 'an odd count of weights, the one in the middle, of the frame itself, above 0',
    })
    .default([1])
    .describe(
      'of a frame, in the middle, and its neighbours in the mean of their probabilities; [1]: every frame by itself',
    ),
  frameMs: positive
    .default(70)
    .describe(
      'longest time from one frame to the next that the weights are for, ms; where it is longer, neighbours count less',
    ),
});

const TestTimeAugmentationSchema = z.strictObject({
  always: z
    .boolean()
    .default(false)
    .describe('in every prediction, those of a run included; false: where `segment --tta` asks for it'),
  contrasts: z
    .array(positive)
    .default([1.1, 0.9, 1.25, 0.75])
    .describe('views with the contrast about the mean grey level times this'),
  shiftsMm: z
    .array(positive)
    .default([14.8, 22.2, 29.6, 44.4])
    .describe('views shifted so far in each of four directions, mm; rounded to whole pixels'),
  rotationsDegrees: z.array(positive).default([5, 10]).describe('views rotated so far in each direction'),
  zooms: z
    .array(positive)
    .default([])
    .describe(
      'views larger (above 1) or smaller by this factor, for hearts that are not as large as those of the source',
    ),
});

const CompletionSchema = z.strictObject({
  enabled: z
    .boolean()
    .default(false)
    .describe(
      'complete what is not valid, torn walls, holes and jumps, by the linear shape model of the source (method.md 4.4), which a run then fits; a policy that is used without its shapes is not completed',
    ),
  outlierDistance: positive
    .default(0.08)
    .describe(
      'borders farther from a likely shape count less and less; in ventricle sizes (the square root of its area)',
    ),
  priorWeight: positive
    .default(0.05)
    .describe('of how unlikely a shape is, beside how far it is from the borders'),
  smoothingMs: z
    .number()
    .min(0)
    .default(50)
    .describe('standard deviation of the smoothing of shapes over time, ms'),
  cornerSmoothingMs: z.number().min(0).default(75).describe('of the base corners after that, ms'),
  mirrorBelow: share
    .default(likelyHeartAgreement)
    .describe(
      'Dice of a segmentation and its completion below which the video is looked at mirrored, too, and the likelier of both is taken; 0: never',
    ),
  leaveBelow: share
    .default(0.6)
    .describe(
      'Dice of a segmentation and its completion below which it stays as it was seen: nothing like a heart was, and a likely shape would be made up',
    ),
});

const MachineSchema = z.strictObject({
  backend: z
    .enum(['native-gpu', 'native-cpu', 'wasm'])
    .optional()
    .describe('tensor back end of all its compute workers; that of the first one when left out'),
  threads: atLeastOne.optional().describe('of every tensor process; those of the first one when left out'),
  mixed: z
    .boolean()
    .default(false)
    .describe('let workers differ in both: results are as good, but not the same bit for bit'),
});

export const InferenceSchema = z.strictObject({
  windowFrames: z.int().min(1).default(4).describe('consecutive frames of a window'),
  overlap: z
    .number()
    .min(0)
    .lt(1)
    .default(0.5)
    .describe(
      'of neighbouring windows, as a share of a window. Windows of 4 frames advance by one frame at 0.75',
    ),
  padFrames: count.default(6).describe('frames of reflection at both ends'),
  sigmaScale: positive.default(0.125).describe('sigma of the weights of a window, as a share of its size'),
  restore: z
    .enum(['labels', 'probabilities'])
    .default('labels')
    .describe(
      "what goes back onto the video's own grid: labels, to the nearest pixel, or probabilities, between pixels in straight lines, before the label is chosen",
    ),
  cleaning: z.boolean().default(false).describe('clean the segmentation (method.md 4.1)'),
  completion: CompletionSchema.prefault({}).describe(
    'the linear shape model in the segmentation (method.md 4.4)',
  ),
  timeFusion: TimeFusionSchema.prefault({}).describe('mean of probabilities over neighbouring frames'),
  testTimeAugmentation: TestTimeAugmentationSchema.prefault({}).describe('mean over views of a video'),
});

const range = z.tuple([positive, positive]).refine(([low, high]) => low <= high, 'the smaller number first');

export const OptimisationSchema = z.strictObject({
  passes: z.int().min(1).default(4).describe('at most, over the whole video (method.md 8)'),
  augmentationsPerChunk: z.int().min(1).default(3).describe('changed copies of a chunk in one step'),
  contrast: range.default([0.4, 0.8]).describe('factor about the mean grey level, drawn from this range'),
  noise: range
    .default([0.001, 0.01])
    .describe('standard deviation of noise on grey levels, drawn from this range'),
  learningRate: positive.default(1e-3).describe('of Adam'),
  clipRange: positive.default(0.2).describe('ratios are clipped to 1 - this and 1 + this'),
  gradientNorm: positive.default(0.5).describe('gradients are scaled down to this global norm'),
  entropyCoefficient: z.number().min(0).default(0.1).describe('c_ent'),
  divergenceCoefficient: z.number().min(0).default(0.01).describe('lambda, from the policy as it came'),
  temporalPenalty,
});

const RunConfigFieldsSchema = z.strictObject({
  preset: z.enum(presetNames).default('paper').describe('what the other fields start from'),
  seed: count.default(0).describe('of every random choice'),
  source: z.string().min(1).describe('name of the annotated dataset'),
  target: z.string().min(1).describe('name of the dataset to adapt to'),
  initialPolicy: z
    .string()
    .min(1)
    .optional()
    .describe('key of a policy checkpoint; pretrained on the source when left out'),
  iterations: z.int().min(1).default(3).describe('of predict, label, fit, fine-tune, evaluate (method.md 1)'),
  preprocessing: PreprocessingSchema.prefault({}).describe('grid and grey levels that the networks see'),
  network: UNetShapeSchema.prefault({}).describe(
    'the 3D U-Net that policy, critic and rewards share (method.md 3)',
  ),
  training: TrainingSchema.prefault({}).describe('of every training'),
  pretraining: PretrainingSchema.prefault({}).describe('supervised, on the source (method.md 1)'),
  augmentation: AugmentationSchema.prefault({}).describe(
    'of annotated windows, in pretraining and beside the draws of fine-tuning, and of the windows that ppo.changedViews changes',
  ),
  sweep: SweepSchema.prefault({}).describe('shards of an iteration'),
  autoencoder: ShapeAutoencoderSchema.prefault({}).describe('corrects shapes over time (method.md 4.2)'),
  linearShapes: LinearShapesSchema.prefault({}).describe(
    'model of shapes that completes segmentations (method.md 4.4); fitted where inference.completion is enabled',
  ),
  labelling: LabellingSchema.prefault({}).describe('examples out of predictions (method.md 4.3)'),
  rewardFit: RewardFitSchema.prefault({}).describe('of the anatomical reward network (method.md 5.1)'),
  landmark: LandmarkRewardSchema.prefault({}).describe('the second reward network (method.md 5.2)'),
  ppo: PpoSchema.prefault({}).describe('fine-tuning (method.md 6)'),
  localSgd: LocalSgdSchema.prefault({}).describe('trainings by several workers (method.md 7)'),
  inference: InferenceSchema.prefault({}).describe(
    'from windows to the segmentation of a video (method.md 8)',
  ),
  compute: MachineSchema.prefault({}).describe('what the compute workers of the run must have in common'),
  optimisation: OptimisationSchema.prefault({}).describe('test-time optimisation of one video (method.md 8)'),
});

/** What may be given of a configuration; the rest are defaults. */
export type RunConfigInput = z.input<typeof RunConfigFieldsSchema>;

/** Configurations in the form of older versions are understood, too. */
export const RunConfigSchema = z.preprocess(
  modernised<RunConfigInput>,
  RunConfigFieldsSchema.superRefine((config, context) => {
    for (const fault of faultsOf(config)) context.addIssue({ code: 'custom', ...fault });
  }),
);

export type RunConfig = z.infer<typeof RunConfigSchema>;
export type PreprocessingConfig = z.infer<typeof PreprocessingSchema>;
export type PretrainingConfig = z.infer<typeof PretrainingSchema>;
export type ShapeAutoencoderConfig = z.infer<typeof ShapeAutoencoderSchema>;
export type LabellingConfig = z.infer<typeof LabellingSchema>;
export type RewardFitConfig = z.infer<typeof RewardFitSchema>;
export type PpoConfig = z.infer<typeof PpoSchema>;
export type LocalSgdConfig = z.infer<typeof LocalSgdSchema>;
export type InferenceConfig = z.infer<typeof InferenceSchema>;
export type TestTimeAugmentationConfig = InferenceConfig['testTimeAugmentation'];
export type TimeFusionConfig = InferenceConfig['timeFusion'];
export type CompletionConfig = InferenceConfig['completion'];
export type OptimisationConfig = z.infer<typeof OptimisationSchema>;
