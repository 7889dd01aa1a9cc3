import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLabelNifti } from '../../datasets/nifti.ts';
import type { RecordedVideo } from '../../datasets/video-facts.ts';
import { geometryOf } from '../../imaging/image.ts';
import { videoMeasures } from '../../metrics/video-measures.ts';
import { sampleVideo } from '../../report/sample-video.ts';
import { checkResultFiles, type SegmentationResult, writeResults } from './result-files.ts';
import { resultFormats } from './result-formats.ts';

let out: string;
beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), 'echoloop-results-'));
});
afterAll(() => rm(out, { recursive: true, force: true }));

function sampleResult(): SegmentationResult {
  const { image, labels } = sampleVideo(3, 64);
  const facts = {
    sourceBits: 8,
    distinctLevels: 3,
    keptLevels: 3,
    scaling: { kind: 'type', low: 0, high: 255 },
  } as const;
  const recorded: RecordedVideo = { ...image, facts };
  return { name: 'a', geometry: geometryOf(image), image: recorded, labels, measures: videoMeasures(labels) };
}

describe('the files of a segmentation', () => {
  it('are those of the formats that were asked for and no others, and name the video', async () => {
    const result = sampleResult();
    const files = await writeResults(
      '/videos/a.dcm',
      { out, formats: ['csv', 'nifti'], uncertainty: false },
      result,
    );
    expect(files).toEqual({ frameTable: join(out, 'a.frames.csv'), mask: join(out, 'a.nii.gz') });
    expect((await readdir(out)).sort()).toEqual(['a.frames.csv', 'a.nii.gz']);
    expect(readLabelNifti(await readFile(files.mask!), 'mask').labels).toEqual(result.labels.labels);
    expect((await readFile(files.frameTable!, 'utf8')).trim().split('\n')).toHaveLength(4);
  });

  it('never replace a video, and two videos never share one', () => {
    for (const format of resultFormats) {
      const filmWriter = { encode: async () => new Uint8Array() };
      const request = { out: '/data', formats: [format], uncertainty: false, filmWriter };
      expect(() => checkResultFiles(['/a/v.dcm', '/b/v.nii.gz'], request)).toThrow(/two folders/);
    }
    const masks = { out: '/data', formats: ['nifti'] as const, uncertainty: false };
    expect(() => checkResultFiles(['/data/v.nii.gz'], masks)).toThrow(/replace the video/);
    expect(() =>
      checkResultFiles(['/data/v.nii.gz', '/data/w.nii.gz'], { ...masks, formats: ['csv'] }),
    ).not.toThrow();
  });

  it('are refused before anything is done when a film is asked for and there is no ffmpeg', () => {
    const films = { out, formats: ['mp4'] as const, uncertainty: false };
    expect(() => checkResultFiles(['/a/v.dcm'], films)).toThrow(/ECHOLOOP_FFMPEG/);
  });
});
