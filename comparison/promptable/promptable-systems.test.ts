import { readFileSync } from 'node:fs';
import '@tensorflow/tfjs-node-gpu';
import { describe, expect, it } from 'vitest';
import { RunConfigSchema } from '../../contracts/run-config.ts';
import { writeLabelNifti } from '../../datasets/nifti.ts';
import { randomStream } from '../../ground/random.ts';
import type { GreyVideo, LabelVideo } from '../../imaging/image.ts';
import { encodeNetwork } from '../../method/networks/network-checkpoint.ts';
import { tinyUNet } from '../../method/networks/tiny-unet.fixture.ts';
import { UNet3D } from '../../method/networks/unet3d.ts';
import { leakless } from '../../recorded/leakless.fixture.ts';
import type { AnySystem, StoredBytes } from '../system.ts';
import { boxOf, clickOf, frameInput, logitsOnFrame } from './frames.ts';
import { medSam, memSam, samus } from './promptable-systems.ts';

const config = RunConfigSchema.parse({ source: 'a', target: 'b' });

/** Models that make_models.py beside them wrote. */
const model = (name: string): StoredBytes => ({
  bytes: readFileSync(new URL(`./fixtures/${name}`, import.meta.url)),
  origin: name,
});

const geometry = { frames: 3, rows: 32, columns: 32, spacingMm: [1, 1] as const, frameTimeMs: 40 };

/** A bright square of 12 x 12 pixels that moves by two columns a frame; its inner 6 x 6 are the cavity. */
function heart(): { image: GreyVideo; reference: LabelVideo } {
  const labels = new Uint8Array(3 * 1024);
  for (let i = 0; i < labels.length; i++) {
    const [t, r, c] = [Math.floor(i / 1024), Math.floor(i / 32) % 32, i % 32];
    const [y, x] = [r - 10, c - 8 - 2 * t];
    if (y < 0 || x < 0 || y >= 12 || x >= 12) continue;
    labels[i] = y >= 3 && x >= 3 && y < 9 && x < 9 ? 1 : 2;
  }
  const intensities = Float32Array.from(labels, (label) => (label > 0 ? 0.9 : 0.1));
  return { image: { ...geometry, intensities }, reference: { ...geometry, labels } };
}

async function predicted(
  system: AnySystem,
  files: readonly string[],
  settings: object,
  { mask, policy }: { mask?: Uint8Array; policy?: StoredBytes } = {},
): Promise<LabelVideo> {
  const { image, reference } = heart();
  const names = files.length === 1 ? ['model'] : ['encoder', 'decoder'];
  const predictor = await system.predict({
    settings: system.settings.parse({ prompts: 'oracle', size: 32, ...settings }),
    config,
    model: policy,
    rewards: [],
    shapes: undefined,
    files: Object.fromEntries(files.map((file, index) => [names[index]!, model(file)])),
    givenMask: async () => mask,
  });
  try {
    return await predictor.predict({ id: 'v', image, reference });
  } finally {
    predictor.dispose();
  }
}

const areaOf = ({ labels }: LabelVideo, label: number, frame: number) =>
  labels.slice(frame * 1024, (frame + 1) * 1024).filter((found) => found === label).length;

describe('frames and prompts', () => {
  it('are stretched, or padded to the right and below, and come back onto their own pixels', () => {
    const image = { ...geometry, frames: 1, rows: 8, columns: 16, intensities: new Float32Array(128) };
    image.intensities.fill(1, 64);
    const settings = { size: 32, levels: 'minmax', channels: 3 } as const;
    const padded = frameInput(image, 0, { ...settings, fit: 'pad' });
    expect(padded.shape).toEqual([1, 3, 32, 32]);
    // 16 rows of the frame, then black.
    expect([0, 15, 16, 31].map((r) => padded.data[r * 32])).toEqual([0, 1, 0, 0]);
    const stretched = frameInput(image, 0, { ...settings, fit: 'stretch' });
    expect([0, 31].map((r) => stretched.data[r * 32])).toEqual([0, 1]);
    for (const fit of ['pad', 'stretch'] as const) {
      const input = fit === 'pad' ? padded : stretched;
      const back = logitsOnFrame({ shape: [1, 1, 32, 32], data: input.data.slice(0, 1024) }, image, {
        ...settings,
        fit,
      });
      expect([...back].map((value) => Math.round(value))).toEqual([...image.intensities]);
    }
  });

  it('are boxes around structures and clicks on the middle of the list of their pixels', () => {
    const { labels } = heart().reference;
    const frame = labels.slice(0, 1024);
    expect(boxOf(frame, 32, [1])).toEqual([11, 13, 16, 18]);
    expect(boxOf(frame, 32, [1, 2])).toEqual([8, 10, 19, 21]);
    expect(boxOf(frame, 32, [7])).toBeUndefined();
    // Of 36 pixels the one with index 18: the first of the fourth row.
    expect(clickOf(frame, 32, [1])).toEqual([11, 16]);
  });
});

it('logits that are no picture are refused', () => {
  const settings = { size: 32, fit: 'pad', levels: 'sam', channels: 3 } as const;
  for (const shape of [[1], [1, 1, 0, 32], [1, 1, 32, 32]]) {
    const logits = { shape, data: new Float32Array(1) };
    expect(() => logitsOnFrame(logits, { rows: 8, columns: 8 }, settings)).toThrow(
      expect.objectContaining({ code: 'CheckpointIncompatible' }),
    );
  }
});

describe('a model with an encoder and boxes', () => {
  it('finds cavity and wall, the wall as what the heart has more', async () => {
    expect(await predicted(medSam, ['encoder.onnx', 'decoder.onnx'], {})).toEqual(heart().reference);
  });

  it('is an oracle where the references prompt it', () => {
    const oracle = medSam.describe(medSam.settings.parse({ prompts: 'oracle' }));
    expect(oracle).toMatchObject({ standing: 'oracle', title: 'MedSAM (oracle prompts)' });
    const own = medSam.settings.parse({});
    expect(medSam.describe(own)).toMatchObject({ standing: 'contender', title: 'MedSAM' });
    expect(medSam.train!(own, config).map(({ name }) => name)).toEqual(['source']);
  });

  it('takes its boxes from masks that came with the row, such as those of a detector', async () => {
    const given = { prompts: 'given' };
    const found = await predicted(medSam, ['encoder.onnx', 'decoder.onnx'], given, {
      mask: writeLabelNifti(heart().reference),
    });
    expect(found).toEqual(heart().reference);
    const settings = medSam.settings.parse(given);
    expect(medSam.describe(settings)).toMatchObject({ standing: 'contender', title: 'MedSAM' });
    expect(medSam.describe(settings).summary).toContain('handed in with the row');
    expect(medSam.train!(settings, config)).toEqual([]);
    // The reference is not told to who competes.
    await expect(predicted(medSam, ['encoder.onnx', 'decoder.onnx'], given)).rejects.toMatchObject({
      code: 'DatasetInvalid',
      message: expect.stringContaining('no mask in the folder'),
    });
  });

  it('says which weights are not there', async () => {
    await expect(predicted(medSam, [], {})).rejects.toMatchObject({
      code: 'ArtefactMissing',
      message: expect.stringMatching(/MedSAM.*encoder and decoder/),
    });
    await expect(predicted(samus, ['make_models.py'], {})).rejects.toMatchObject({
      code: 'CheckpointIncompatible',
      message: expect.stringContaining('make_models.py'),
    });
  });

  it.each([
    ['other inputs', ['decoder.onnx', 'encoder.onnx']],
    ['clicks instead of boxes', ['encoder.onnx', 'samus.onnx']],
  ])('says that a model has %s', async (_, files) => {
    await expect(predicted(medSam, files, {})).rejects.toMatchObject({ code: 'CheckpointIncompatible' });
  });

  leakless('leaves no policy behind when its weights cannot be used', async () => {
    const network = UNet3D.initialise(tinyUNet, randomStream(1, 'policy'));
    const policy = { bytes: encodeNetwork(network, 'policy'), origin: 'policy' };
    network.dispose();
    // The second model is no ONNX file.
    const files = ['encoder.onnx', 'make_models.py'];
    await expect(predicted(medSam, files, { prompts: 'policy' }, { policy })).rejects.toMatchObject({
      code: 'CheckpointIncompatible',
    });
  });

  it('is asked for a share of the videos, the same for every system', async () => {
    await expect(predicted(medSam, ['encoder.onnx', 'decoder.onnx'], { share: 1e-9 })).rejects.toMatchObject({
      code: 'DatasetInvalid',
    });
  });
});

it('a model with clicks finds a disc around each of them, frame by frame', async () => {
  const found = await predicted(samus, ['samus.onnx'], {});
  expect([0, 1, 2].map((frame) => areaOf(found, 1, frame))).toEqual(
    [52, 52, 52].map((area) => expect.closeTo(area, -1)),
  );
  // The click of the cavity moves with it.
  const columnsOf = (frame: number) =>
    [...found.labels.slice(frame * 1024, (frame + 1) * 1024)].flatMap((label, i) =>
      label === 1 ? [i % 32] : [],
    );
  expect(Math.min(...columnsOf(2)) - Math.min(...columnsOf(0))).toBe(4);
});

it('a model with memory is clicked once and led by its memory after that', async () => {
  const memory = { memory: { shape: [1, 1, 2], output: 'carried' } };
  const led = await predicted(memSam, ['memsam.onnx'], { memory });
  // The model moves its disc by two columns a frame, as the heart moves, without another click.
  const clicked = await predicted(samus, ['samus.onnx'], {});
  expect(led.labels).toEqual(clicked.labels);
  await expect(
    predicted(memSam, ['memsam.onnx'], { memory: { memory: { shape: [1, 1, 2], output: 'nothing' } } }),
  ).rejects.toMatchObject({ code: 'CheckpointIncompatible' });
});
