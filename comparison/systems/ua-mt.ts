/** UA-MT (Yu et al., MICCAI 2019): a mean teacher whose uncertainty says where the student is to follow it. */
import { z } from 'zod';
import { policySettings } from '../../contracts/policy-settings.ts';
import { encodeNetwork } from '../../method/networks/network-checkpoint.ts';
import { MeanTeacherTraining } from '../mean-teacher/mean-teacher-training.ts';
import { openPolicy, policyPredictor } from '../policy-predictor.ts';
import { requireModel } from '../require-model.ts';
import { newPolicy, sourceTraining } from '../source-training.ts';
import type { BegunTraining, System, TrainingMaterial } from '../system.ts';

const SettingsSchema = z.strictObject({
  passes: z
    .int()
    .min(2)
    .max(16)
    .default(8)
    .describe('noisy passes of the teacher that its uncertainty comes from'),
  noise: z.number().positive().max(1).default(0.1).describe('standard deviation on grey levels'),
  weight: z.number().min(0).max(100).default(0.1).describe('of the consistency, at the end of its ramp'),
  decay: z.number().min(0).lt(1).default(0.99).describe("of the teacher's average a step"),
  start: z
    .enum(['anew', 'source'])
    .default('anew')
    .describe('source: both begin as the source policy, and have the time of adaptation alone'),
  predicts: z.enum(['student', 'teacher']).default('student').describe('which of the two is the model'),
});
type Settings = z.infer<typeof SettingsSchema>;

function begin({
  settings,
  config,
  steps,
  rateFactor,
  source,
  target,
  before,
}: TrainingMaterial<Settings>): BegunTraining {
  const { predicts, start, ...teaching } = settings;
  const { pretraining } = config;
  const student = start === 'anew' ? newPolicy(config) : openPolicy(requireModel(before), config).policy;
  const training = new MeanTeacherTraining({
    student,
    source,
    target,
    config: {
      steps,
      learningRate: pretraining.learningRate * rateFactor,
      warmupSteps: Math.min(pretraining.warmupSteps, Math.floor(steps / 10)),
    },
    settings: teaching,
    augmentation: config.augmentation,
    spacingMm: config.preprocessing.spacingMm,
    seed: config.seed,
    windowFrames: config.training.windowFrames,
  });
  return {
    training,
    model: () =>
      encodeNetwork(predicts === 'student' ? student : training.teacher, 'policy', policySettings(config)),
    dispose: () => {
      training.dispose();
      student.dispose();
    },
  };
}

export const uaMt: System<Settings> = {
  settings: SettingsSchema,
  describe: ({ passes, predicts, start }) => ({
    title: 'UA-MT',
    summary: `Mean teacher on source and target, from ${start === 'anew' ? 'random weights' : 'the source policy'}; uncertainty from ${passes} passes with noise on the image (the network has no dropout), Adam with the schedule of all U-Nets here; predicts by the ${predicts}.`,
    standing: 'contender',
  }),
  train: ({ start }) => [
    ...(start === 'source' ? [sourceTraining] : []),
    {
      name: 'mean-teacher',
      budget: { source: start === 'anew' ? 1 : 0, adaptation: 1 },
      needs: { source: true, target: 'videos' },
      begin,
    },
  ],
  predict: (material) => policyPredictor(material),
};
