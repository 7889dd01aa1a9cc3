import { describe, expect, it } from 'vitest';
import { comparisonState, state, training } from '../../app/runs/run-state.fixture.ts';
import { progressLine, progressLines } from './progress-text.ts';

describe('progress', () => {
  it('shows stage, iteration, work, rate, reward and metrics', () => {
    const shown = progressLines(
      state(
        {
          stage: 'fine-tuning',
          total: 1,
          done: 0,
          before: { videos: 16, anatomicalValidity: 0.5, temporalValidity: 0.25, dice: 0.801 },
        },
        training(24),
      ),
      { perSecond: 1.2, secondsLeft: 60 },
    ).join('\n');
    expect(shown).toContain('iteration 1 of 2');
    expect(shown).toContain('fine-tuning  [#####...............] 24 of 96 steps, 1.2 steps/s, 60 s left');
    expect(shown).toContain('reward 0.810');
    expect(shown).toContain(
      'before: Dice 80.1 %, anatomically valid 50 %, temporally valid 25 % (16 videos)',
    );
  });

  it('shows the row of a comparison, its steps and what failed', () => {
    const [activity] = training(24);
    const shown = progressLines(
      comparisonState({ state: 'paused' }, [{ ...activity!, attempt: 2, lastFailure: 'no memory' }]),
      undefined,
    );
    expect(shown[0]).toMatch(/^comparison table {2}1 of 4 rows done {2}paused/);
    expect(shown[1]).toContain('unet3d: training  [#####...............] 24 of 96 steps');
    expect(shown[2]).toContain('try 2, the one before failed: no memory');
  });

  it('shows the training of the stage, and beside it the one that another worker has taken', () => {
    const activities = [
      { name: 'fitShapeAutoencoder', attempt: 1, heartbeat: { step: 120, total: 400, loss: 0.1 } },
      { name: 'pretrainPolicy', attempt: 1, heartbeat: { step: 300, total: 1500, loss: 0.7 } },
    ];
    const shown = progressLines(
      state({ stage: 'pretraining', total: 1, done: 0, unit: 'steps' }, activities),
      undefined,
    );
    expect(shown[1]).toBe('pretraining  [####................] 300 of 1500 steps');
    expect(shown[2]).toBe('beside it fitting the shape autoencoder: 120 of 400 steps');
    expect(shown[3]).toBe('loss 0.700');
  });

  it('takes the steps of the other training for those of the stage at no time', () => {
    const other = [
      { name: 'fitShapeAutoencoder', attempt: 1, heartbeat: { step: 120, total: 400, loss: 0.1 } },
    ];
    const shown = progressLines(
      state({ stage: 'pretraining', total: 1, done: 0, unit: 'steps' }, [
        ...other,
        { name: 'pretrainPolicy', attempt: 1 },
      ]),
      undefined,
    );
    expect(shown[1]).toBe('pretraining');
    expect(shown[2]).toBe('beside it fitting the shape autoencoder: 120 of 400 steps');
    expect(shown).toHaveLength(3);
  });

  it('says what the steps go through where they do not train', () => {
    const heartbeat = { step: 1655, total: 1858, phase: 'validation windows' };
    const fitting = state({ stage: 'fitting the reward', total: 1, done: 0, unit: 'steps' }, [
      { name: 'fitRewardNetwork', attempt: 1, heartbeat },
    ]);
    expect(progressLine(fitting, undefined)).toContain('1655 of 1858 steps (now validation windows)');
  });

  it('keeps the metrics before and now on the plain line, also beside labels and losses', () => {
    const numbers = { videos: 16, anatomicalValidity: 0.5, temporalValidity: 0.25 };
    const labels = { kept: 3, corrected: 1, rejected: 0, triples: 9 };
    const line = progressLine(
      state(
        { iteration: 2, labels, before: { ...numbers, dice: 0.801 }, now: { ...numbers, dice: 0.812 } },
        training(24),
      ),
      undefined,
    );
    expect(line).not.toContain('\n');
    expect(line).toContain('labels: 3 kept');
    expect(line).toContain(' | before: Dice 80.1 %');
    expect(line).toMatch(/ \| now: +Dice 81\.2 %/);
  });

  it('says what to do when no worker answers', () => {
    const { progress: _, ...silent } = state({});
    expect(progressLines(silent, undefined).join('\n')).toContain('npx echoloop up');
  });

  it('says in words how a run ended', () => {
    const { progress: _, ...over } = state({});
    expect(progressLines({ ...over, status: 'TIMED_OUT' }, undefined)).toEqual(['run r: timed out']);
  });

  it('shows why an activity is tried again', () => {
    const activities = [{ name: 'predictShard', attempt: 2, lastFailure: 'the store is away\nstack' }];
    expect(progressLines(state({}, activities), undefined).at(-1)).toBe(
      'predictShard: try 2, the one before failed: the store is away',
    );
  });
});
