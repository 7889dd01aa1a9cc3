import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { goldenPath } from '../../../test/golden/golden-files.ts';
import type { NamedArrays } from '../named-arrays.ts';
import { decodeSafetensors } from '../safetensors.ts';
import { findPublishedUNet, withPublishedHeads } from './published-unet.ts';
import { type LazyArrays, openStateDict } from './state-dict.ts';
import { fixtureValue, torchFile } from './torch.fixture.ts';

function lazily(arrays: NamedArrays): LazyArrays {
  return {
    shapes: new Map(Object.entries(arrays).map(([name, { shape }]) => [name, shape])),
    read: (name) => arrays[name]!,
  };
}

const golden = (name: string) =>
  decodeSafetensors(readFileSync(goldenPath(`${name}_weights.safetensors`))).arrays;

describe('the published U-Net', () => {
  it('is known by its names and shapes alone', () => {
    const { config, arrays, unused } = findPublishedUNet(lazily(golden('unet_tiny_policy')), 'policy');
    expect(config).toEqual({
      baseFilters: 8,
      maxFilters: 320,
      strides: [
        [1, 1, 1],
        [1, 2, 2],
        [2, 2, 2],
        [2, 2, 2],
      ],
      kernels: [
        [1, 3, 3],
        [3, 3, 3],
        [3, 3, 3],
        [3, 3, 3],
      ],
      inputChannels: 1,
      outputChannels: 3,
      deepSupervision: false,
    });
    expect(Object.keys(arrays).sort()).toEqual(Object.keys(golden('unet_tiny_policy')).sort());
    expect(unused).toEqual(['deep_supervision_heads.0.conv.weight', 'deep_supervision_heads.1.conv.weight']);
  });

  it('is a critic with the heads that it trains; those that nothing reads are named', () => {
    const { config, unused } = findPublishedUNet(lazily(golden('unet_six_level_critic')), 'critic');
    expect(config).toMatchObject({ outputChannels: 1, deepSupervision: true });
    expect(config.strides).toHaveLength(6);
    expect(unused).toEqual(['deep_supervision_heads.2.conv.weight', 'deep_supervision_heads.3.conv.weight']);
  });

  it('is found in a training checkpoint beside the copy it started from and the critic', () => {
    const dictionary = openStateDict(torchFile('lightning.ckpt'));
    const policy = findPublishedUNet(dictionary, 'policy');
    expect(policy.prefix).toBe('actor.actor.net.');
    expect(policy.config.strides).toEqual([
      [1, 1, 1],
      [1, 2, 2],
      [2, 2, 2],
    ]);
    expect(policy.arrays['input_block.conv1.conv.weight']!.data[1]).toBe(fixtureValue(0, 1));
    expect(findPublishedUNet(dictionary, 'critic').prefix).toBe('actor.critic.net.');
    expect(() => findPublishedUNet(dictionary, 'anatomical-reward')).toThrow(/2 channels in and 1 out/);
  });

  it('goes out with the heads that the published code looks for', () => {
    for (const [name, kind] of [
      ['unet_tiny_policy', 'policy'],
      ['unet_six_level_critic', 'critic'],
    ] as const) {
      const whole = golden(name);
      const { config } = findPublishedUNet(lazily(whole), kind);
      const without = Object.fromEntries(Object.entries(whole).filter(([key]) => !key.startsWith('deep_')));
      const shapes = (arrays: NamedArrays) =>
        Object.entries(arrays).map(([key, { shape }]) => `${key} ${shape}`);
      expect(shapes(withPublishedHeads(config, without)).sort()).toEqual(shapes(whole).sort());
      expect(Object.values(withPublishedHeads(config, whole))).toHaveLength(Object.keys(whole).length);
      expect(withPublishedHeads(config, whole)['deep_supervision_heads.0.conv.weight']).toBe(
        whole['deep_supervision_heads.0.conv.weight'],
      );
    }
  });

  it('keeps a limit on its filters', () => {
    const source = openStateDict(torchFile('policy.pt'));
    const shapes = new Map(source.shapes);
    for (const [name, shape] of shapes)
      if (/^(bottleneck|upsamples\.0\.transp)/.test(name))
        shapes.set(
          name,
          shape.map((size) => (size === 4 ? 2 : size)),
        );
    const read = (name: string) => {
      const shape = shapes.get(name)!;
      return {
        shape,
        data: source.read(name).data.slice(
          0,
          shape.reduce((a, b) => a * b, 1),
        ),
      };
    };
    expect(findPublishedUNet({ shapes, read }, 'policy').config.maxFilters).toBe(2);
  });

  it.each([
    ['another architecture', { 'encoder.0.weight': 'input_block.conv1.conv.weight' }, /Other architectures/],
    [
      'a part that would change what it computes',
      { 'output_block.conv.bias': 'input_block.conv1.conv.bias' },
      /does not have/,
    ],
    ['a missing part', { 'bottleneck.conv2.norm.bias': undefined }, /has no "bottleneck.conv2.norm.bias"/],
    [
      'a part of another shape',
      { 'bottleneck.conv2.norm.bias': 'input_block.conv1.conv.bias' },
      /found \[1\]/,
    ],
  ])('is refused with %s', (reason, changes, message) => {
    const all = openStateDict(torchFile('policy.pt'));
    const arrays: Record<string, NamedArrays[string]> = {};
    if (!reason.startsWith('another')) for (const name of all.shapes.keys()) arrays[name] = all.read(name);
    for (const [name, from] of Object.entries(changes)) {
      if (from === undefined) delete arrays[name];
      else arrays[name] = all.read(from);
    }
    expect(() => findPublishedUNet(lazily(arrays), 'policy')).toThrow(message);
  });

  it('is refused with numbers that are not finite', () => {
    const all = openStateDict(torchFile('policy.pt'));
    const read = (name: string) => {
      const array = all.read(name);
      if (name.startsWith('output_block')) array.data[0] = Number.NaN;
      return array;
    };
    expect(() => findPublishedUNet({ ...all, read }, 'policy')).toThrow(/NaN/);
  });
});
