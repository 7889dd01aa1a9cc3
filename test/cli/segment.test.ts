import '@tensorflow/tfjs-node-gpu';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { makePhantomDataset } from '../../app/datasets/phantom-dataset.ts';
import { planIngestion } from '../../app/datasets/plan-ingestion.ts';
import { videoName } from '../../app/video-name.ts';
import { parseTable } from '../../datasets/csv.ts';
import { readGreyNifti, readLabelNifti } from '../../datasets/nifti.ts';
import { randomStream } from '../../ground/random.ts';
import { encodeNetwork } from '../../method/networks/network-checkpoint.ts';
import { UNet3D } from '../../method/networks/unet3d.ts';
import { cliTimeout, runCli } from './run-cli.ts';

const preprocessing = { spacingMm: 2, multiple: 8, clahe: { enabled: false } };

// One test runs two commands.
vi.setConfig({ testTimeout: 2 * cliTimeout, hookTimeout: cliTimeout });

let home: string;
let video: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'echoloop-segment-'));
  const out = join(home, 'data');
  await makePhantomDataset(
    { out, domain: 'source', seed: 1, videos: [{ split: 'test', labelled: true }] },
    () => {},
  );
  video = (await planIngestion({ paths: [join(out, 'videos')] })).videos[0]!.file;
  const network = UNet3D.initialise(
    {
      baseFilters: 2,
      maxFilters: 4,
      strides: [
        [1, 1, 1],
        [1, 2, 2],
      ],
      kernels: [
        [1, 3, 3],
        [3, 3, 3],
      ],
      inputChannels: 1,
      outputChannels: 3,
      deepSupervision: false,
    },
    randomStream(1, 'test'),
  );
  const weights = { preprocessing: JSON.stringify(preprocessing) };
  await writeFile(join(home, 'policy.safetensors'), encodeNetwork(network, 'policy', weights));
  const completing = { ...weights, inference: JSON.stringify({ completion: { enabled: true } }) };
  await writeFile(join(home, 'completing.safetensors'), encodeNetwork(network, 'policy', completing));
  await writeFile(join(home, 'silent.safetensors'), encodeNetwork(network, 'policy'));
  await writeFile(join(home, 'critic.safetensors'), encodeNetwork(network, 'critic', weights));
  network.dispose();
  for (const kind of ['anatomical-reward', 'landmark-reward'] as const) {
    const reward = UNet3D.initialise(
      { ...network.config, inputChannels: 2, outputChannels: 1 },
      randomStream(2, kind),
    );
    await writeFile(join(home, `${kind}.safetensors`), encodeNetwork(reward, kind, { temperature: '2' }));
    reward.dispose();
  }
});
afterAll(() => rm(home, { recursive: true, force: true }));

function segment(videos: readonly string[], model: string, ...more: string[]) {
  const args = [
    'segment',
    ...videos,
    '--model',
    join(home, model),
    '--out',
    join(home, 'masks'),
    '--json',
    ...more,
  ];
  return runCli(args, home);
}

describe('segment with a checkpoint file', () => {
  it('writes a mask on the grid of the video and an overlay, without any service', async () => {
    const { code, stdout } = await segment([video], 'policy.safetensors');
    expect(code).toBe(0);
    const { videos } = JSON.parse(stdout);
    const image = readGreyNifti(await readFile(video), 'image');
    const mask = readLabelNifti(await readFile(videos[0].mask), 'mask');
    expect([mask.frames, mask.rows, mask.columns]).toEqual([image.frames, image.rows, image.columns]);
    expect(mask.spacingMm).toEqual(image.spacingMm);
    expect(mask.frameTimeMs).toBeCloseTo(image.frameTimeMs, 3);
    expect((await stat(videos[0].overlay)).size).toBeGreaterThan(1000);
  });

  it('writes what --format names and nothing else, with one row a video in a table', async () => {
    const { code, stdout } = await segment([video], 'policy.safetensors', '--format', 'csv,json');
    expect(code).toBe(0);
    const { videos, table } = JSON.parse(stdout);
    expect(videos[0].mask).toBeUndefined();
    const image = readGreyNifti(await readFile(video), 'image');
    const frames = parseTable(await readFile(videos[0].frameTable, 'utf8'), ['lvAreaMm2'], 'frames');
    expect(frames).toHaveLength(image.frames);
    const rows = parseTable(await readFile(table, 'utf8'), ['ejectionFraction'], 'videos');
    expect(rows.map((row) => row.video)).toEqual([videoName(video)]);
    const document = JSON.parse(await readFile(videos[0].measures, 'utf8'));
    expect(document.frames).toHaveLength(image.frames);
    expect(document.geometry.spacingMm[0]).toBeCloseTo(image.spacingMm[0], 5);
  });

  it('refuses a format that it does not know, naming those that it does', async () => {
    const { code, stderr } = await segment([video], 'policy.safetensors', '--format', 'nifti,jif');
    expect(code).toBe(2);
    expect(stderr).toContain('Did you mean "gif"?');
  });

  it('writes confidence on the grid of the video, and says what optimisation did, with either reward network or both', async () => {
    const rewards = ['anatomical-reward', 'landmark-reward'].map((kind) => join(home, `${kind}.safetensors`));
    const named = rewards.flatMap((file) => ['--reward', file]);
    const { code, stdout } = await segment([video], 'policy.safetensors', '--uncertainty', '--tto', ...named);
    expect(code).toBe(0);
    const [result] = JSON.parse(stdout).videos;
    const image = readGreyNifti(await readFile(video), 'image');
    const confidence = readGreyNifti(await readFile(result.confidence), 'confidence');
    expect([confidence.frames, confidence.rows, confidence.columns]).toEqual([
      image.frames,
      image.rows,
      image.columns,
    ]);
    expect(confidence.spacingMm).toEqual(image.spacingMm);
    expect(confidence.intensities.every((value) => value > 0 && value < 1)).toBe(true);
    expect(result.meanUncertainty).toBeGreaterThan(0);
    expect((await stat(result.uncertaintyOverlay)).size).toBeGreaterThan(1000);
    const { pass, validBefore, failingFrames, lowestRewards, meanRewards } = result.optimisation;
    expect(validBefore).toBe(false);
    expect([failingFrames.length, lowestRewards.length, meanRewards.length]).toEqual([5, 5, 5]);
    expect(failingFrames[pass]).toBe(Math.min(...failingFrames));
  });

  it.each([
    { args: ['--tto'], says: '--reward FILE' },
    { args: ['--uncertainty'], says: '--reward FILE' },
    { args: ['--reward', 'landmark-reward.safetensors'], says: '--uncertainty' },
  ])('asks for what $args lacks, with exit code 2', async ({ args, says }) => {
    const { code, stderr } = await segment([video], 'policy.safetensors', ...args);
    expect(code).toBe(2);
    expect(stderr).toContain(says);
  });

  it('says where a policy is used without the shapes that complete what it segments', async () => {
    const { code, stdout, stderr } = await segment([video], 'completing.safetensors', '--format', 'csv');
    expect(code).toBe(0);
    expect(stderr).toContain('Add --shapes FILE');
    expect(JSON.parse(stdout)).toMatchObject({ shapesMissing: true });
  });

  it('refuses a policy as a reward network, and two of a kind', async () => {
    const policy = join(home, 'policy.safetensors');
    const wrong = await segment([video], 'policy.safetensors', '--tto', '--reward', policy);
    expect(wrong.code).toBe(3);
    expect(wrong.stderr).toContain('"anatomical-reward" or "landmark-reward"');
    const reward = join(home, 'landmark-reward.safetensors');
    const twice = await segment(
      [video],
      'policy.safetensors',
      '--tto',
      '--reward',
      reward,
      '--reward',
      reward,
    );
    expect(twice.code).toBe(2);
  });

  it('goes on after a video that cannot be read, and leaves exit code 3', async () => {
    const bad = join(home, 'bad.dcm');
    await writeFile(bad, 'no video');
    const { code, stdout, stderr } = await segment([bad, video], 'policy.safetensors');
    expect(code).toBe(3);
    const { videos, problems } = JSON.parse(stdout);
    expect([videos.length, problems.length]).toEqual([1, 1]);
    expect(stderr).toContain(bad);
  });

  it('asks for the preset when the checkpoint does not say how videos were prepared', async () => {
    const { code, stderr } = await segment([video], 'silent.safetensors');
    expect(code).toBe(2);
    expect(stderr).toContain('--preset');
  });

  it('refuses a checkpoint of another kind, by name', async () => {
    const { code, stderr } = await segment([video], 'critic.safetensors');
    expect(code).toBe(3);
    expect(stderr).toContain('critic.safetensors');
  });
});
