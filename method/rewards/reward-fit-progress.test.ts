import { describe, expect, it } from 'vitest';
import { RewardFitSchema } from '../../contracts/run-config.ts';
import {
  initialProgress,
  RewardFitProgressSchema,
  recordEpoch,
  rewardFitCount,
} from './reward-fit-progress.ts';

const config = RewardFitSchema.parse({ epochs: 20, plateauPatience: 2, stopPatience: 5, learningRate: 0.01 });

function after(losses: readonly number[]) {
  return losses.reduce((progress, loss) => recordEpoch(progress, loss, config), initialProgress(config));
}

describe('progress of a reward fit', () => {
  it('remembers the best epoch', () => {
    const progress = after([0.3, 0.1, 0.2]);
    expect(progress.bestEpoch).toBe(1);
    expect(progress.bestLoss).toBe(0.1);
    expect(progress.epoch).toBe(3);
  });

  it('lowers the rate after each stretch without a better loss', () => {
    expect(after([0.3, 0.4]).learningRate).toBe(0.01);
    expect(after([0.3, 0.4, 0.4]).learningRate).toBe(0.005);
    expect(after([0.3, 0.4, 0.4, 0.4]).learningRate).toBe(0.005);
    expect(after([0.3, 0.4, 0.4, 0.4, 0.4]).learningRate).toBe(0.0025);
  });

  it('ends early without a better loss, and after the last epoch', () => {
    expect(after([0.3, 0.4, 0.4, 0.4, 0.4]).phase).toBe('training');
    expect(after([0.3, 0.4, 0.4, 0.4, 0.4, 0.4]).phase).toBe('calibration');
    expect(after(Array.from({ length: 20 }, (_, epoch) => 1 / (epoch + 1))).phase).toBe('calibration');
  });

  it('counts no steps of epochs that an early end leaves out', () => {
    const windows = { training: 150, validation: 19, test: 20 };
    const begun = rewardFitCount(initialProgress(config), windows, config.epochs);
    expect(begun).toEqual({ done: 0, total: 20 * (150 + 19) + 19 + 20 });
    const ended = after([0.3, 0.4, 0.4, 0.4, 0.4, 0.4]);
    expect(rewardFitCount({ ...ended, step: 3 }, windows, config.epochs)).toEqual({
      done: 6 * (150 + 19) + 3,
      total: 6 * (150 + 19) + 19 + 20,
      phase: 'calibration windows',
    });
  });

  it('survives JSON', () => {
    const progress = after([0.1 + 0.2, 1 / 3]);
    expect(RewardFitProgressSchema.parse(JSON.parse(JSON.stringify(progress)))).toEqual(progress);
  });
});
