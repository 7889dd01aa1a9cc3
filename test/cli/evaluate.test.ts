import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readLabelNifti, writeGreyNifti, writeLabelNifti } from '../../datasets/nifti.ts';
import { plainLayout } from '../../datasets/nifti-layout.ts';
import type { LabelVideo } from '../../imaging/image.ts';
import { EvaluationReportSchema } from '../../metrics/evaluation.ts';
import { cliTimeout, runCli } from './run-cli.ts';

vi.setConfig({ testTimeout: cliTimeout, hookTimeout: cliTimeout });

let home: string;
let data: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'echoloop-evaluate-'));
  data = join(home, 'phantoms');
  const { code, stdout } = await runCli(
    ['phantom', '--out', data, '--count', '8', '--domain', 'target', '--seed', '3', '--json'],
    home,
  );
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ videos: 8, made: 8 });
});
afterAll(() => rm(home, { recursive: true, force: true }));

describe('evaluate', () => {
  it('gives full marks to a prediction that is the reference', async () => {
    const labels = join(data, 'labels');
    const { code, stdout } = await runCli(
      ['evaluate', '--predictions', labels, '--references', labels, '--json'],
      home,
    );
    expect(code).toBe(0);
    const { videos, summary } = EvaluationReportSchema.parse(JSON.parse(stdout));
    expect(videos.map((video) => `${video.id}.nii.gz`)).toEqual((await readdir(labels)).sort());
    expect(summary).toMatchObject({
      videos: 8,
      dice: { mean: 1 },
      hausdorffMm: { mean: 0 },
      anatomicalValidity: 1,
    });
  });

  it('scores one mask in two orientations as the same mask, and refuses what lies elsewhere', async () => {
    const [file] = (await readdir(join(data, 'labels'))).sort();
    const mask = await readMask(join(data, 'labels', file!));
    const [rowMm, columnMm] = mask.spacingMm;
    const plain = plainLayout(mask);
    const size = mask.rows * mask.columns;
    const turned = mask.labels.map((_, i) => {
      const start = Math.floor(i / size) * size;
      return mask.labels[start + size - 1 - (i - start)]!;
    });
    const origin = [columnMm * (mask.columns - 1), rowMm * (mask.rows - 1)] as const;
    const lps = (x: number, y: number) => ({
      ...plain,
      sform: [-columnMm, 0, 0, x, 0, -rowMm, 0, y, 0, 0, 1, 0],
    });
    for (const [name, layout] of [['same', lps(...origin)] as const, ['elsewhere', lps(0, 0)] as const]) {
      for (const folder of ['ras', 'lps']) await mkdir(join(home, name, folder), { recursive: true });
      await writeFile(join(home, name, 'ras', 'v.nii.gz'), writeLabelNifti(mask));
      await writeFile(
        join(home, name, 'lps', 'v.nii.gz'),
        writeLabelNifti({ ...mask, labels: turned }, layout),
      );
    }
    const run = (name: string) =>
      runCli(
        [
          'evaluate',
          '--predictions',
          join(home, name, 'ras'),
          '--references',
          join(home, name, 'lps'),
          '--json',
        ],
        home,
      );
    const same = await run('same');
    expect(same.code).toBe(0);
    expect(JSON.parse(same.stdout).summary.dice.mean).toBe(1);
    const elsewhere = await run('elsewhere');
    expect(elsewhere.code).toBe(3);
    expect(elsewhere.stderr).toContain('columns reversed, rows reversed');
  });

  it('scores the ventricle alone, in the frames drawn, where a reference knows no more', async () => {
    const references = join(home, 'lv');
    await mkdir(references);
    for (const name of await readdir(join(data, 'labels'))) {
      const mask = await readMask(join(data, 'labels', name));
      const drawn = 2 * mask.rows * mask.columns;
      const labels = mask.labels.map((label, i) => (label === 1 && i < drawn ? 1 : 0));
      await writeFile(join(references, name), writeLabelNifti({ ...mask, labels }));
    }
    const { code, stdout } = await runCli(
      ['evaluate', '--predictions', join(data, 'labels'), '--references', references, '--json'],
      home,
    );
    expect(code).toBe(0);
    const { summary, videos } = EvaluationReportSchema.parse(JSON.parse(stdout));
    expect(summary.dice).toEqual({ lv: 1 });
    expect(videos[0]!.annotated).toEqual({ frames: [0, 1], structures: ['lv'] });
  });

  it('scores what it can, names every bad file and leaves exit code 3', async () => {
    const predictions = join(home, 'predictions');
    await cp(join(data, 'labels'), predictions, { recursive: true });
    const [first, second] = (await readdir(predictions)).sort();
    await writeFile(join(predictions, first!), 'no NIfTI');
    await rm(join(predictions, second!));
    const { code, stdout, stderr } = await runCli(
      ['evaluate', '--predictions', predictions, '--references', join(data, 'labels'), '--json'],
      home,
    );
    expect(code).toBe(3);
    const { problems, summary } = JSON.parse(stdout);
    expect(summary.videos).toBe(6);
    expect(problems.map((problem: { file: string }) => problem.file).sort()).toEqual(
      [join(data, 'labels', second!), join(predictions, first!)].sort(),
    );
    expect(stderr).toContain(first);
    expect(stderr).toContain(second);
  });

  it('scores a mask that was saved without geometry in that of its reference, and says so', async () => {
    const [file] = (await readdir(join(data, 'labels'))).sort();
    const mask = await readMask(join(data, 'labels', file!));
    const [known, unplaced] = [join(home, 'known'), join(home, 'unplaced')];
    for (const folder of [known, unplaced]) await mkdir(folder);
    await cp(join(data, 'labels', file!), join(known, file!));
    const saved = { ...plainLayout({ ...mask, spacingMm: [1, 1], frameTimeMs: 1000 }), units: 0 };
    await writeFile(join(unplaced, file!), writeLabelNifti(mask, saved));
    for (const [predictions, references] of [
      [unplaced, known],
      [known, unplaced],
    ]) {
      const { code, stdout, stderr } = await runCli(
        ['evaluate', '--predictions', predictions!, '--references', references!, '--json'],
        home,
      );
      expect(stderr).toContain('states no geometry');
      expect(code).toBe(0);
      const { videos, notes } = JSON.parse(stdout);
      expect(videos).toMatchObject([{ spacing: [...mask.spacingMm], dice: { mean: 1 } }]);
      expect(notes).toEqual([{ file: join(unplaced, file!), note: expect.stringContaining('geometry') }]);
    }
  });

  it('prints no table of shares when no file could be scored', async () => {
    const predictions = join(home, 'nothing-usable');
    await mkdir(predictions);
    await writeFile(join(predictions, 'a.nii.gz'), 'no NIfTI');
    const { code, stdout, stderr } = await runCli(['evaluate', '--predictions', predictions], home);
    expect(code).toBe(3);
    expect(stdout).toBe('');
    expect(stderr).toContain('0 videos scored');
    const asJson = await runCli(['evaluate', '--predictions', predictions, '--json'], home);
    expect(JSON.parse(asJson.stdout).summary).toEqual({ videos: 0, intervals: {} });
  });

  it('leaves out what needs a reference when there is none', async () => {
    const { code, stdout } = await runCli(['evaluate', '--predictions', join(data, 'labels')], home);
    expect(code).toBe(0);
    expect(stdout).toContain('all 8 videos');
    expect(stdout).toContain('100.0 %');
  });

  it('names every path that is not there, that of the table too, and a file in place of a folder', async () => {
    const [nothing, nowhere, table] = [
      join(data, 'nothing'),
      join(data, 'nowhere'),
      join(data, 'no', 'a.csv'),
    ];
    const missing = await runCli(
      ['evaluate', '--predictions', nothing, '--references', nowhere, '--csv', table],
      home,
    );
    expect(missing.code).toBe(3);
    for (const path of [nothing, nowhere, join(data, 'no')]) expect(missing.stderr).toContain(path);
    const file = await runCli(['evaluate', '--predictions', join(data, 'manifest.csv')], home);
    expect(file.code).toBe(3);
    expect(file.stderr).toContain(`${join(data, 'manifest.csv')}: a folder was expected`);
  });

  it('compares two methods, reads confidence maps, groups by view and study, and writes a table', async () => {
    const labels = join(data, 'labels');
    const adapted = await derivedMasks('adapted', (video) => shiftedDown(video, 1));
    const sourceOnly = await derivedMasks('source-only', (video) => shiftedDown(video, 4));
    for (const name of await readdir(adapted)) {
      const mask = await readMask(join(adapted, name));
      const reference = await readMask(join(labels, name));
      const intensities = Float32Array.from(mask.labels, (label, i) =>
        label === reference.labels[i] ? 0.9 : 0.3,
      );
      const map = writeGreyNifti({ ...mask, intensities }, 'float32');
      await writeFile(join(adapted, name.replace('.nii.gz', '.confidence.nii.gz')), map);
    }
    const csv = join(home, 'scores.csv');
    const folders = ['--predictions', adapted, '--references', labels];
    const more = ['--baseline', sourceOnly, '--confidence', adapted, '--csv', csv];
    const { code, stdout, stderr } = await runCli(['evaluate', ...folders, ...more, '--json'], home);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const { videos, summary, studies, uncertainty, comparison } = EvaluationReportSchema.parse(
      JSON.parse(stdout),
    );
    expect(videos).toHaveLength(8);
    expect(summary.byView!.a4c!.videos + summary.byView!.a2c!.videos).toBe(8);
    expect(summary.intervals!.dice!.mean!.low).toBeLessThan(summary.dice!.mean!);
    expect(studies).toHaveLength(4);
    // Shifting a mask changes no volume, unless it leaves the image.
    expect(studies![0]!.ejectionFraction).toBeCloseTo(studies![0]!.referenceEjectionFraction!, 2);
    expect(comparison!.videos).toBe(8);
    expect(comparison!.dice!.mean!.difference).toBeGreaterThan(0);
    expect(comparison!.dice!.mean!.pValue).toBeCloseTo(2 / 2 ** 8, 12);
    expect(uncertainty!.videos).toBe(8);
    // Right pixels are 10 % too unsure, wrong ones 30 % too sure.
    expect(uncertainty!.pooled.mce).toBeCloseTo(0.3, 6);
    expect(uncertainty!.normalisedMutualInformation).toBeCloseTo(1, 6);
    const [header, ...rows] = (await readFile(csv, 'utf8')).trim().split('\n');
    expect(rows).toHaveLength(8);
    expect(header!.split(',').slice(0, 3)).toEqual(['id', 'study', 'view']);
    expect(rows.map((row) => row.split(',')[2]).sort()).toEqual([
      ...Array(4).fill('a2c'),
      ...Array(4).fill('a4c'),
    ]);
  });

  it('names files of wrong labels, grids and pixel sizes, and scores the others', async () => {
    const labels = join(data, 'labels');
    const names = (await readdir(labels)).sort();
    const wrong = await derivedMasks('wrong', (video, name) => {
      if (name === names[0]) return { ...video, labels: video.labels.fill(7, 0, 1) };
      if (name === names[1]) {
        return { ...video, frames: 1, labels: video.labels.slice(0, video.rows * video.columns) };
      }
      if (name === names[2]) return { ...video, spacingMm: [1, 2] };
      return video;
    });
    const { code, stdout, stderr } = await runCli(
      ['evaluate', '--predictions', wrong, '--references', labels, '--json'],
      home,
    );
    expect(code).toBe(3);
    const { problems, videos } = JSON.parse(stdout);
    expect(problems.map((problem: { code: string }) => problem.code)).toEqual([
      'LabelMapInvalid',
      'GeometryMismatch',
      'GeometryMismatch',
    ]);
    for (const name of names.slice(0, 3)) expect(stderr).toContain(name);
    expect(videos).toHaveLength(5);
  });

  it('refuses confidence maps without references and a manifest that is none', async () => {
    const labels = join(data, 'labels');
    const alone = await runCli(['evaluate', '--predictions', labels, '--confidence', labels], home);
    expect(alone.code).toBe(2);
    expect(alone.stderr).toContain('--references');
    const manifest = join(home, 'notes.csv');
    for (const text of ['no,manifest\n', 'id,study,view\nanother,p1,a4c\n']) {
      await writeFile(manifest, text);
      const unread = await runCli(['evaluate', '--predictions', labels, '--manifest', manifest], home);
      expect(unread.code).toBe(3);
      expect(unread.stderr).toContain(manifest);
    }
  });
});

async function readMask(file: string): Promise<LabelVideo> {
  return readLabelNifti(await readFile(file), file);
}

/** A folder of the phantoms' labels, each changed. */
async function derivedMasks(
  folder: string,
  change: (video: LabelVideo, name: string) => LabelVideo,
): Promise<string> {
  const labels = join(data, 'labels');
  const out = join(home, folder);
  await mkdir(out);
  for (const name of await readdir(labels)) {
    await writeFile(join(out, name), writeLabelNifti(change(await readMask(join(labels, name)), name)));
  }
  return out;
}

function shiftedDown(video: LabelVideo, rows: number): LabelVideo {
  const pixels = video.rows * video.columns;
  const labels = new Uint8Array(video.labels.length);
  for (let t = 0; t < video.frames; t++) {
    const frame = video.labels.subarray(t * pixels, (t + 1) * pixels - rows * video.columns);
    labels.set(frame, t * pixels + rows * video.columns);
  }
  return { ...video, labels };
}
