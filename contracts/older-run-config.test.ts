import { expect, it } from 'vitest';
import { modernised } from './older-run-config.ts';
import { RunConfigSchema } from './run-config.ts';

const datasets = { source: 'a', target: 'b' };

/** Of the stored form of the version before `training`, the fields that have moved. */
const stored = {
  ...datasets,
  pretraining: { steps: 1500, learningRate: 2e-3, checkpointEverySteps: 25 },
  ppo: { epochs: 3, checkpointEveryWindows: 8 },
  inference: { windowFrames: 8, overlap: 0.5, padFrames: 6, sigmaScale: 0.125 },
};

it('reads a configuration that an older run stored, with the window that its trainings had', () => {
  const config = RunConfigSchema.parse(stored);
  expect(config.training).toMatchObject({ windowFrames: 8, checkpointEverySteps: 25 });
  expect(config.inference.windowFrames).toBe(8);
  expect(config.pretraining).toMatchObject({ steps: 1500, learningRate: 2e-3 });
  expect(config.pretraining).not.toHaveProperty('checkpointEverySteps');
  expect(config.ppo).not.toHaveProperty('checkpointEveryWindows');
  expect(RunConfigSchema.parse(config)).toEqual(config);
});

it('takes what the section itself says over the older fields', () => {
  const training = { windowFrames: 12, checkpointEverySteps: 7 };
  expect(RunConfigSchema.parse({ ...stored, training } as never).training).toMatchObject(training);
});

it('takes the cadence of fine-tuning where there is no other', () => {
  expect(modernised({ ppo: { checkpointEveryWindows: 8 } })).toEqual({
    ppo: {},
    training: { checkpointEverySteps: 8 },
  });
});

it('adds nothing to a configuration of the present form, and leaves what is none to the schema', () => {
  expect(modernised(datasets)).toEqual(datasets);
  expect(modernised('text')).toBe('text');
  expect(modernised({ training: 3, ppo: null })).toEqual({ training: 3, ppo: null });
  expect(() => RunConfigSchema.parse({ ...datasets, training: 3 } as never)).toThrow();
});
