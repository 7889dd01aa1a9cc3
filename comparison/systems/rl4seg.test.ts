import { expect, it } from 'vitest';
import { presets } from '../../contracts/presets.ts';
import { RunConfigSchema } from '../../contracts/run-config.ts';
import { rl4seg2d, rl4seg3d, singleFrames } from './rl4seg.ts';

const config = RunConfigSchema.parse({ ...presets.tiny, source: 'a', target: 'b' });

it('knows no time in its 2D form, and keeps everything else', () => {
  const flat = singleFrames(config);
  expect(flat.network.strides.map(([time]) => time)).toEqual([1, 1, 1, 1]);
  expect(flat.network.kernels.map(([time, ...rest]) => [time, ...rest])).toEqual(
    config.network.kernels.map(([, ...rest]) => [1, ...rest]),
  );
  expect([flat.training.windowFrames, flat.inference.windowFrames, flat.inference.overlap]).toEqual([
    1, 1, 0,
  ]);
  expect([flat.ppo.temporalPenalty, flat.landmark.enabled, flat.optimisation.temporalPenalty]).toEqual([
    false,
    false,
    false,
  ]);
  expect(flat.inference.timeFusion.weights).toEqual([1]);
  expect(flat.pretraining).toEqual(config.pretraining);
  const [source, ...others] = rl4seg2d.train!(rl4seg2d.settings.parse({}), config);
  expect(others).toEqual([]);
  // Not the one that the other systems start from, whose convolutions know time.
  expect(source).toMatchObject({ name: 'source-2d', isSource: false, budget: { source: 1, adaptation: 0 } });
});

it('lays the changes of an ablation over the configuration, and refuses what is no field of it', () => {
  const settings = rl4seg3d.settings.parse({ changes: { ppo: { epochs: 1 } }, optimise: true });
  expect(rl4seg3d.adapt!(settings, config)).toEqual({ ...config, ppo: { ...config.ppo, epochs: 1 } });
  expect(rl4seg3d.describe(settings)).toMatchObject({ title: 'RL4Seg3D (TTO)' });
  expect(rl4seg3d.describe(settings).summary).toContain('"epochs":1');
  const wrong = rl4seg3d.settings.parse({ changes: { ppo: { epoch: 1 } } });
  expect(() => rl4seg3d.adapt!(wrong, config)).toThrow(expect.objectContaining({ code: 'ConfigInvalid' }));
});

it.each([
  { network: { baseFilters: 16 } },
  { preprocessing: { spacingMm: 0.5 } },
  { pretraining: { steps: 1 } },
  { target: 'c' },
  { seed: 9 },
])('refuses %j as a change, whose source policy or videos are shared by all rows', (changes) => {
  for (const system of [rl4seg3d, rl4seg2d]) {
    expect(() => system.adapt!(system.settings.parse({ changes }), config)).toThrow(
      expect.objectContaining({
        code: 'ConfigInvalid',
        message: expect.stringContaining(Object.keys(changes)[0]!),
      }),
    );
  }
});
