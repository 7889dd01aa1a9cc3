import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { videoMeasures } from '../../metrics/video-measures.ts';
import { exportedResult, ReadBack, recordingFile } from './result.fixture.ts';
import { encodeSecondaryCapture } from './secondary-capture.ts';
import { encodeSegmentation } from './segmentation.ts';
import { encodeStructuredReport } from './structured-report.ts';

const python = process.env.PYTHON ?? 'python3';
const hasReaders = spawnSync(python, ['-c', 'import pydicom, highdicom']).status === 0;
if (!hasReaders) {
  console.warn(`DICOM read back: skipped, ${python} has no pydicom and highdicom (name another by PYTHON)`);
}

const folder = mkdtempSync(join(tmpdir(), 'echoloop-dicom-'));
afterAll(() => rmSync(folder, { recursive: true }));

function written(name: string, bytes: Uint8Array): string {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return file;
}

describe.skipIf(!hasReaders)('in the eyes of pydicom and highdicom', () => {
  it('segmentation, capture and report are what was written', () => {
    const recording = recordingFile();
    const result = exportedResult(recording);
    const measures = videoMeasures(result.labels);
    const capture = encodeSecondaryCapture(result, []);
    const files = [
      written('recording.dcm', recording),
      written('a.seg.dcm', encodeSegmentation(result)),
      written('a.overlay.dcm', capture),
      written('a.sr.dcm', encodeStructuredReport(result, measures)),
    ];
    const script = join(import.meta.dirname, 'fixtures', 'read_back.py');
    const run = spawnSync(python, [script, ...files], { encoding: 'utf8', maxBuffer: 2 ** 26 });
    expect(run.status, run.stderr).toBe(0);
    const found = JSON.parse(run.stdout);

    const { frames, rows, columns, labels } = result.labels;
    expect(found.segments).toEqual([
      ['Left ventricle', '87878005'],
      ['Left ventricular myocardium', '49848007'],
    ]);
    expect(found.labelShape).toEqual([frames, rows, columns]);
    expect(Buffer.from(found.labels, 'base64').equals(labels)).toBe(true);

    const read = new ReadBack(capture);
    expect(found.captureShape).toEqual([frames, read.number('00280010'), read.number('00280011'), 3]);
    const pixels = Buffer.from(found.capture, 'base64');
    expect(pixels.equals(read.bytes('7fe00010').subarray(0, pixels.length))).toBe(true);

    expect(found.report).toBe('ComprehensiveSR');
    expect(found.numbers['18026-5']).toEqual([Number(measures.edVolumeMl!.toPrecision(6)), 'mL']);
    expect(found.numbers['18043-0'][0]).toBeCloseTo(100 * measures.ejectionFraction!, 3);
  });
});
