/**
 * This project's method: a run that is there, a champion, or a run made for the comparison. Also with windows of one
 * frame.
 */
import { z } from 'zod';
import { type RunConfig, RunConfigSchema } from '../../contracts/run-config.ts';
import { DomainError } from '../../ground/errors.ts';
import { mergeOver } from '../../ground/merge-over.ts';
import { frameByFrame } from '../../method/shapes/completed-segmentation.ts';
import { InferenceChoiceSchema, optimisingPredictor, policyPredictor } from '../policy-predictor.ts';
import { sourceTraining } from '../source-training.ts';
import type {
  PredictionMaterial,
  System,
  SystemDescription,
  SystemTraining,
  VideoPredictor,
} from '../system.ts';

const SettingsSchema = z.strictObject({
  optimise: z.boolean().default(false).describe('test-time optimisation of videos whose masks are not valid'),
  inference: InferenceChoiceSchema,
  title: z.string().min(1).max(80).exactOptional().describe('of the row, such as that of an ablation'),
  changes: z
    .record(z.string(), z.json())
    .default({})
    .describe('of the run\'s configuration, section by section, such as {"ppo": {"temporalPenalty": false}}'),
});
type Settings = z.infer<typeof SettingsSchema>;

function predict(material: PredictionMaterial<Settings>): VideoPredictor {
  const { optimise, inference } = material.settings;
  return optimise ? optimisingPredictor(material, inference) : policyPredictor(material, inference);
}

function described(title: string, summary: string, settings: Settings): SystemDescription {
  const optimised = settings.optimise ? ' Optimised at test time where a mask is not valid.' : '';
  const changed =
    Object.keys(settings.changes).length > 0 ? ` With ${JSON.stringify(settings.changes)}.` : '';
  const ways = [
    ...(settings.optimise ? ['TTO'] : []),
    ...(settings.inference === 'plain' ? ['plain inference'] : []),
  ];
  return {
    title: settings.title ?? `${title}${ways.length > 0 ? ` (${ways.join(', ')})` : ''}`,
    summary: `${summary}${optimised}${changed}`,
    standing: 'contender',
  };
}

/** Of the comparison: a run with others would begin with a policy that was not made so, or learn from other videos. */
const SHARED = ['source', 'target', 'seed', 'initialPolicy', 'network', 'preprocessing', 'pretraining'];

/** @throws DomainError ConfigInvalid naming the field that is wrong. */
function changed(config: RunConfig, changes: Settings['changes']): RunConfig {
  const shared = SHARED.filter((section) => changes[section] !== undefined);
  if (shared.length > 0) {
    throw new DomainError(
      'ConfigInvalid',
      `The changes of a row name ${shared.join(', ')}, which are the comparison's: all rows share the videos and the source policy that they are about. Make it a comparison of its own.`,
    );
  }
  const parsed = RunConfigSchema.safeParse(mergeOver(config, changes));
  if (parsed.success) return parsed.data;
  throw new DomainError(
    'ConfigInvalid',
    `The changes of the run's configuration do not fit it: ${z.prettifyError(parsed.error)}`,
  );
}

export const rl4seg3d: System<Settings> = {
  settings: SettingsSchema,
  describe: (settings) =>
    described(
      'RL4Seg3D',
      'Adapted to the target by PPO against learned rewards, windows of several frames.',
      settings,
    ),
  train: () => [sourceTraining],
  adapt: ({ changes }, config) => changed(config, changes),
  predict,
};

/** Windows, kernels and strides of one frame, and no reward over time. */
export function singleFrames(config: RunConfig): RunConfig {
  const flat = ([, rows, columns]: [number, number, number]): [number, number, number] => [1, rows, columns];
  const { network, training, inference, ppo, landmark, optimisation } = config;
  return {
    ...config,
    network: { ...network, strides: network.strides.map(flat), kernels: network.kernels.map(flat) },
    training: { ...training, windowFrames: 1 },
    inference: {
      ...inference,
      windowFrames: 1,
      overlap: 0,
      padFrames: 0,
      timeFusion: { ...inference.timeFusion, weights: [1] },
      completion: frameByFrame(inference.completion),
    },
    ppo: { ...ppo, temporalPenalty: false },
    landmark: { ...landmark, enabled: false },
    optimisation: { ...optimisation, temporalPenalty: false },
  };
}

/** Its source policy knows no time either; rows that differ at test time alone share it as they share their run. */
const singleFrameSource: SystemTraining<Settings> = {
  ...sourceTraining,
  name: 'source-2d',
  isSource: false,
  isShared: true,
  begin: (material) => sourceTraining.begin({ ...material, config: singleFrames(material.config) }),
};

export const rl4seg2d: System<Settings> = {
  settings: SettingsSchema,
  describe: (settings) =>
    described(
      'RL4Seg (2D)',
      'The method on single frames: convolutions, windows and the anatomical reward know no time.',
      settings,
    ),
  train: () => [singleFrameSource],
  adapt: ({ changes }, config) => changed(singleFrames(withoutPolicy(config)), changes),
  predict: (material) => predict({ ...material, config: singleFrames(material.config) }),
};

function withoutPolicy({ initialPolicy: _, ...config }: RunConfig): RunConfig {
  return config;
}
