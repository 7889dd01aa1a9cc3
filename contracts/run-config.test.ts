import { expect, it } from 'vitest';
import { presetNames } from './preset-names.ts';
import { presets } from './presets.ts';
import { type RunConfigInput, RunConfigSchema } from './run-config.ts';

const names = { source: 'source', target: 'target' };

it('refuses to propose completions in a run that fits no shapes', () => {
  const ppo = { proposals: ['completed'] };
  const { error } = RunConfigSchema.safeParse({ ...names, ppo });
  expect(error!.issues).toMatchObject([
    { path: ['ppo', 'proposals'], message: expect.stringContaining('inference.completion is enabled') },
  ]);
  const inference = { completion: { enabled: true } };
  expect(RunConfigSchema.parse({ ...names, ppo, inference }).ppo.proposals).toEqual(['completed']);
});

it('takes each proposal of a group once, and at least one', () => {
  for (const proposals of [[], ['swept', 'swept'], ['unknown']])
    expect(RunConfigSchema.safeParse({ ...names, ppo: { proposals } }).success).toBe(false);
});

it.each<[field: string, says: string, config: Partial<RunConfigInput>]>([
  ['network.strides', 'first stage', { network: { strides: sixTimes([1, 2, 2]) } }],
  ['network.strides', 'one stride and one kernel', { network: { strides: sixTimes([1, 1, 1]).slice(1) } }],
  ['network.kernels', 'odd', { network: { kernels: sixTimes([1, 2, 3]) } }],
  [
    'network.kernels',
    'stage 2',
    {
      network: {
        strides: [
          [1, 1, 1],
          [1, 3, 3],
        ],
        kernels: [
          [1, 3, 3],
          [1, 1, 1],
        ],
      },
    },
  ],
  ['training.windowFrames', 'multiple of 4', { training: { windowFrames: 6 } }],
  ['training.windowFrames', 'inference.windowFrames', { inference: { windowFrames: 6 } }],
  ['preprocessing.multiple', 'multiple of 32', { preprocessing: { multiple: 16 } }],
  [
    'ppo.criticWarmupWindows',
    'the 6 draws',
    { ppo: { epochs: 2, windowsPerEpoch: 3, criticWarmupWindows: 6 } },
  ],
  [
    'ppo.criticWarmupWindows',
    'never be trained',
    {
      ppo: { epochs: 1, criticWarmupWindows: 9 },
      sweep: { videosPerIteration: 10 },
      localSgd: { workers: 2 },
    },
  ],
  ['inference.overlap', '<1', { inference: { overlap: 1 } }],
  ['autoencoder.maskSize', 'multiple of 16', { autoencoder: { maskSize: 100 } }],
  ['labelling', 'no mistakes', { labelling: { weightNoise: [], contrast: [], imageNoise: [] } }],
  [
    'labelling',
    'landmark',
    {
      labelling: { weightNoise: [], contrast: [], imageNoise: [], structural: 2 },
      landmark: { enabled: true },
    },
  ],
])('refuses at once what a run would fail at later: %s, %s', (field, says, config) => {
  const { error } = RunConfigSchema.safeParse({ ...names, ...config });
  expect(error!.issues.map(({ path }) => path.join('.'))).toEqual([field]);
  expect(error!.issues[0]!.message).toContain(says);
});

it('takes mistakes of structure, or of the policy itself, in the place of degradations', () => {
  const none = { weightNoise: [], contrast: [], imageNoise: [] };
  const landmark = { enabled: false };
  for (const labelling of [
    { ...none, structural: 2 },
    { ...none, truth: 'sweep' },
  ])
    expect(RunConfigSchema.safeParse({ ...names, labelling, landmark }).success).toBe(true);
});

it.each(presetNames)('takes the preset %s', (preset) => {
  expect(RunConfigSchema.safeParse({ ...presets[preset], ...names }).success).toBe(true);
});

function sixTimes(axes: [number, number, number]): [number, number, number][] {
  return Array.from({ length: 6 }, () => axes);
}
