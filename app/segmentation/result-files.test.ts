import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readHeader } from '../../datasets/dicom/header.ts';
import { readLabelNifti, writeLabelNifti } from '../../datasets/nifti.ts';
import type { RecordedVideo } from '../../datasets/video-facts.ts';
import { geometryOf } from '../../imaging/image.ts';
import { videoMeasures } from '../../metrics/video-measures.ts';
import { sampleVideo } from '../../report/sample-video.ts';
import { checkResultFiles, readSource, type SegmentationResult, writeResults } from './result-files.ts';
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
  return {
    ...{ name: 'a', geometry: geometryOf(image), image: recorded, labels, measures: videoMeasures(labels) },
    made: new Date(0),
  };
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
    expect(() => checkResultFiles(['/a/v.dcm', '/a/v.dcm'], masks)).toThrow(/^\/a\/v\.dcm is named twice/);
    expect(() =>
      checkResultFiles(['/data/v.nii.gz', '/data/w.nii.gz'], { ...masks, formats: ['csv'] }),
    ).not.toThrow();
  });

  it('are refused before anything is done when a film is asked for and there is no ffmpeg', () => {
    const films = { out, formats: ['mp4'] as const, uncertainty: false };
    expect(() => checkResultFiles(['/a/v.dcm'], films)).toThrow(/ECHOLOOP_FFMPEG/);
  });

  it('of DICOM say whose they are where the video is a DICOM file, and name nobody where it is not', async () => {
    const example = fileURLToPath(new URL('../../examples/echo-cine-30f.dcm', import.meta.url));
    const dicom = { out, formats: ['dicom-seg', 'dicom-sc', 'dicom-sr'] as const, uncertainty: false };
    const source = await readSource(example, dicom);
    expect(source?.carried.PatientID).toBe('204');
    expect(await readSource(example, { ...dicom, formats: ['nifti'] })).toBeUndefined();
    const mask = join(out, 'video.nii.gz');
    await writeFile(mask, writeLabelNifti(sampleVideo(3, 64).labels));
    expect(await readSource(mask, dicom)).toBeUndefined();

    const files = await writeResults('/videos/b.dcm', dicom, { ...sampleResult(), source });
    expect(files).toEqual({
      dicomSegmentation: join(out, 'b.seg.dcm'),
      dicomCapture: join(out, 'b.overlay.dcm'),
      dicomReport: join(out, 'b.sr.dcm'),
    });
    for (const file of Object.values(files)) {
      const { dataSet } = readHeader(await readFile(file), file);
      expect(dataSet.string('x00100020')).toBe('204');
    }
  });
});
