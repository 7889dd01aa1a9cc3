/** Weights of nnU-Net checkpoints give the logits of PyTorch (make_nnunet_networks.py beside). */
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-node-gpu';
import { describe, expect, it } from 'vitest';
import { permuteAxes } from '../../method/networks/named-arrays.ts';
import { decodeSafetensors } from '../../method/networks/safetensors.ts';
import { openNnUNetCheckpoint } from '../../method/networks/torch/nnunet-checkpoint.ts';
import { UNet3D } from '../../method/networks/unet3d.ts';

const read = (name: string) => readFileSync(new URL(`./data/${name}`, import.meta.url));

describe.each(['nnunet_3d', 'nnunet_2d'])('the network of %s.pth', (name) => {
  const checkpoint = openNnUNetCheckpoint(read(`${name}.pth`));

  it('gives the logits of PyTorch to 1e-4', () => {
    const network = UNet3D.fromArrays(checkpoint.config, checkpoint.arrays);
    const { x, logits } = decodeSafetensors(read(`${name}_io.safetensors`)).arrays;
    // [batch, channel, (time,) row, column] as [batch, time, row, column, channel].
    const channelsLast = (array: typeof x) => {
      const shape =
        array!.shape.length === 5
          ? array!.shape
          : [array!.shape[0]!, array!.shape[1]!, 1, ...array!.shape.slice(2)];
      return permuteAxes({ shape, data: array!.data }, [0, 2, 3, 4, 1]);
    };
    const input = channelsLast(x);
    const found = tf.tidy(() => network.forward(tf.tensor5d(input.data, input.shape as never)).dataSync());
    const expected = channelsLast(logits).data;
    expect(found).toHaveLength(expected.length);
    const largest = Math.max(...expected.map((value, i) => Math.abs(value - found[i]!)));
    expect(largest).toBeLessThan(1e-4);
    expect(Math.max(...expected) - Math.min(...expected)).toBeGreaterThan(0.3);
    network.dispose();
  });
});

it('comes with what prediction needs of its plans', () => {
  expect(openNnUNetCheckpoint(read('nnunet_3d.pth'))).toMatchObject({
    configuration: '3d_fullres',
    spacingMm: [1.3, 1.3],
    patch: [4, 16, 16],
    mirrored: [0, 1, 2],
  });
  expect(openNnUNetCheckpoint(read('nnunet_2d.pth'))).toMatchObject({
    configuration: '2d',
    patch: [1, 16, 16],
    mirrored: [1, 2],
  });
});
