import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EvaluationReportSchema } from '../../contracts/evaluation.ts';
import { runCli } from './run-cli.ts';

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

  it('leaves out what needs a reference when there is none', async () => {
    const { code, stdout } = await runCli(['evaluate', '--predictions', join(data, 'labels')], home);
    expect(code).toBe(0);
    expect(stdout).toContain('all 8 videos');
    expect(stdout).toContain('100.0 %');
  });

  it('says where it looked when there is nothing to score', async () => {
    const { code, stderr } = await runCli(['evaluate', '--predictions', join(data, 'nothing')], home);
    expect(code).toBe(3);
    expect(stderr).toContain(join(data, 'nothing'));
  });
});
