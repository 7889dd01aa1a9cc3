/** Where a reward fit stands, and what an epoch's validation loss does to it: learning rate, best epoch, end. */
import { z } from 'zod';
import type { RewardFitConfig } from '../../contracts/run-config.ts';
import type { TrainingCount } from '../training/training.ts';

export const RewardFitProgressSchema = z.strictObject({
  phase: z.enum(['training', 'validation', 'calibration', 'test', 'done']),
  /** Epochs are counted from 0. */
  epoch: z.int().min(0),
  /** Windows of the phase done so far. */
  step: z.int().min(0),
  /** Sum of the losses of those windows. */
  lossSum: z.number(),
  learningRate: z.number().min(0),
  trainingLoss: z.number().optional(),
  bestLoss: z.number().optional(),
  bestEpoch: z.int().min(-1),
  /** Epochs without a better validation loss, since the last one and since the rate last fell. */
  epochsSinceBest: z.int().min(0),
  epochsSincePlateau: z.int().min(0),
  temperature: z.number().positive().optional(),
  testLoss: z.number().optional(),
  history: z.array(
    z.strictObject({ trainingLoss: z.number(), validationLoss: z.number(), learningRate: z.number().min(0) }),
  ),
});

export type RewardFitProgress = Readonly<z.infer<typeof RewardFitProgressSchema>>;

/** Windows that each part of a fit goes through: those of an epoch, and those that are held out. */
export interface WindowCounts {
  readonly training: number;
  readonly validation: number;
  readonly test: number;
}

/** The windows of one phase; calibration looks at those of validation again. */
export function windowsOfPhase(phase: RewardFitProgress['phase'], windows: WindowCounts): number {
  if (phase === 'done') return 0;
  return windows[phase === 'calibration' ? 'validation' : phase];
}

const heldOutPhases: Partial<Record<RewardFitProgress['phase'], string>> = {
  validation: 'validation windows',
  calibration: 'calibration windows',
  test: 'test windows',
};

/**
 * Windows done and, unless the fit ends early, in all: every epoch trains and validates, then the pixels held out are
 * measured.
 */
export function rewardFitCount(
  { phase, epoch, step, history }: RewardFitProgress,
  windows: WindowCounts,
  epochs: number,
): TrainingCount {
  const { training, validation, test } = windows;
  const inEpochs = phase === 'training' || phase === 'validation';
  const total = (inEpochs ? epochs : history.length) * (training + validation) + validation + test;
  const before = {
    training: epoch * (training + validation),
    validation: epoch * (training + validation) + training,
    calibration: total - test - validation,
    test: total - test,
    done: total,
  };
  return { done: before[phase] + step, total, phase: heldOutPhases[phase] };
}

/** The progress of a fit that has not taken a step. */
export function initialProgress(config: RewardFitConfig): RewardFitProgress {
  return {
    phase: 'training',
    epoch: 0,
    step: 0,
    lossSum: 0,
    learningRate: config.learningRate,
    bestEpoch: -1,
    epochsSinceBest: 0,
    epochsSincePlateau: 0,
    history: [],
  };
}

/**
 * Ends an epoch with its validation loss: a better one makes the epoch the best so far, `plateauPatience` epochs
 * without one lower the learning rate, `stopPatience` of them or the last epoch end the training (method.md 5.1).
 */
export function recordEpoch(
  progress: RewardFitProgress,
  validationLoss: number,
  config: RewardFitConfig,
): RewardFitProgress {
  const { epoch, learningRate, trainingLoss = 0 } = progress;
  const better = progress.bestLoss === undefined || validationLoss < progress.bestLoss;
  const epochsSinceBest = better ? 0 : progress.epochsSinceBest + 1;
  const waited = better ? 0 : progress.epochsSincePlateau + 1;
  const plateau = waited >= config.plateauPatience;
  const last = epoch + 1 >= config.epochs || epochsSinceBest >= config.stopPatience;
  return {
    ...progress,
    phase: last ? 'calibration' : 'training',
    epoch: last ? epoch : epoch + 1,
    learningRate: plateau ? learningRate * config.plateauFactor : learningRate,
    epochsSinceBest,
    epochsSincePlateau: plateau ? 0 : waited,
    ...(better ? { bestLoss: validationLoss, bestEpoch: epoch } : {}),
    history: [...progress.history, { trainingLoss, validationLoss, learningRate }],
  };
}

/** The progress of a fit whose epoch others have trained, with this mean loss: what comes next is to validate it. */
export function trainedElsewhere(progress: RewardFitProgress, trainingLoss: number): RewardFitProgress {
  return { ...progress, phase: 'validation', step: 0, lossSum: 0, trainingLoss };
}
