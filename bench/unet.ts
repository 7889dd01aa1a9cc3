/** Speed of the U-Net at the sizes of architecture.md's table: forward, and forward with gradients. */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { presets } from '../contracts/presets.ts';
import { UNetShapeSchema } from '../contracts/run-config.ts';
import { randomStream } from '../imaging/random.ts';
import { disposeGradients } from '../method/networks/gradients.ts';
import { UNet3D } from '../method/networks/unet3d.ts';
import { selectTensorBackend } from '../runtime/tensors.ts';

export interface UNetBenchRow {
  readonly size: string;
  readonly forwardMs: number;
  readonly forwardBackwardMs: number;
  readonly megabytesAtPeak: number;
}

const sizes = [
  {
    name: 'tiny: width 8, 4 stages, 96 x 96 x 4',
    network: presets.tiny.network,
    grid: [4, 96, 96],
    repeats: 20,
  },
  {
    name: 'small: width 16, 4 stages, 160 x 160 x 4',
    network: presets.small.network,
    grid: [4, 160, 160],
    repeats: 8,
  },
] as const;

/** Best of several, in milliseconds, on the tensor back end that is registered. */
export async function benchUNet(): Promise<UNetBenchRow[]> {
  await tf.ready();
  return sizes.map(({ name, network, grid, repeats }) => {
    const shape = UNetShapeSchema.parse(network);
    const net = UNet3D.initialise(
      { ...shape, inputChannels: 1, outputChannels: 3, deepSupervision: false },
      randomStream(0, 'bench', name),
    );
    const x: tf.Tensor5D = tf.randomUniform([1, ...grid, 1], 0, 1, 'float32', 0);
    const onGradient: tf.Tensor5D = tf.fill([1, ...grid, 3], 1e-4);
    let peak = 0;
    const forwardMs = bestOf(repeats, () => {
      const logits = net.forward(x);
      logits.dataSync();
      logits.dispose();
    });
    const forwardBackwardMs = bestOf(repeats, () => {
      const pass = net.forwardForTraining(x);
      peak = Math.max(peak, tf.memory().numBytes);
      const gradients = pass.backward([onGradient]);
      gradients.get('input_block.conv1.conv.weight')!.dataSync();
      disposeGradients(gradients);
      pass.dispose();
    });
    net.dispose();
    tf.dispose([x, onGradient]);
    return { size: name, forwardMs, forwardBackwardMs, megabytesAtPeak: Math.round(peak / 1e6) };
  });
}

function bestOf(repeats: number, run: () => void): number {
  run();
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    run();
    best = Math.min(best, performance.now() - start);
  }
  return Math.round(best * 10) / 10;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { json: { type: 'boolean' } } });
  const { name, device } = await selectTensorBackend();
  const rows = await benchUNet();
  if (values.json) console.log(JSON.stringify({ backend: name, device, rows }));
  else console.table(rows);
}
