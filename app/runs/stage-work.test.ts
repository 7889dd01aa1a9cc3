import { describe, expect, it } from 'vitest';
import { comparisonState, state, training } from './run-state.fixture.ts';
import { rateMeter, stageWork } from './stage-work.ts';

describe('the work of a stage', () => {
  it('counts shards while sweeping and steps of the heartbeat while training', () => {
    expect(stageWork(state({}))).toMatchObject({ done: 2, total: 8, unit: 'shards' });
    expect(
      stageWork(state({ stage: 'fine-tuning', done: 0, total: 1, unit: 'steps' }, training(24))),
    ).toMatchObject({
      done: 24,
      total: 96,
      unit: 'steps',
    });
  });

  it('is that of the row of a comparison', () => {
    expect(stageWork(comparisonState({}, training(24)))).toMatchObject({
      done: 24,
      total: 96,
      unit: 'steps',
    });
    const predicting = comparisonState({ stage: 'predicting', done: 3, total: 15 });
    expect(stageWork(predicting)).toMatchObject({ done: 3, total: 15, unit: 'shards' });
    expect(stageWork(comparisonState({}))).toBeUndefined();
  });

  it('counts the videos that a training makes ready before its first step', () => {
    const heartbeat = { step: 0, total: 0, preparing: { done: 7, total: 2500 } };
    const activity = { name: 'fitRewardNetwork', attempt: 1, heartbeat };
    expect(stageWork(state({ stage: 'fitting the reward', total: 1, done: 0 }, [activity]))).toMatchObject({
      done: 7,
      total: 2500,
      unit: 'videos prepared',
    });
  });
});

describe('the rate', () => {
  it('is known once work has moved, and forgets other stages', () => {
    const measure = rateMeter();
    expect(measure(state({ done: 0 }), 0)).toBeUndefined();
    expect(measure(state({ done: 0 }), 1000)).toBeUndefined();
    expect(measure(state({ done: 4 }), 2000)).toEqual({ perSecond: 2, secondsLeft: 2 });
    expect(measure(state({ done: 0, stage: 'labelling' }), 3000)).toBeUndefined();
  });
});
