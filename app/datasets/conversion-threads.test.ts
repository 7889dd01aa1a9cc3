import { describe, expect, it } from 'vitest';
import { writeGreyNifti, writeLabelNifti } from '../../datasets/nifti.ts';
import { generatePhantom } from '../../datasets/phantom/phantom.ts';
import { openConverter } from './conversion-threads.ts';
import { type Conversion, type ConversionOptions, convertRecording } from './convert-recording.ts';
import { digestOf } from './ingest-ledger.ts';

const { image, labels } = generatePhantom({ domain: 'target', seed: 3, index: 0 });
const bytesOf = (...files: Uint8Array[]) => ({
  files: files.map((bytes) => ({ path: '/data/v.nii.gz', bytes })),
  sha256: digestOf(files.length),
  size: files.reduce((sum, { length }) => sum + length, 0),
});
const conversion = (video: Uint8Array): Conversion => ({
  planned: { file: '/data/v.nii.gz', name: 'v', labels: { kind: 'mask', file: '/data/v_gt.nii.gz' } },
  recording: bytesOf(video),
  reference: bytesOf(writeLabelNifti(labels)),
});
const options: ConversionOptions = { reading: {}, force: [], labelMap: new Map([[3, 0]]) };

describe('converting in threads', () => {
  it('gives what converting in place gives, and the same refusals; a refused video takes no other along', async () => {
    const good = conversion(writeGreyNifti(image));
    const converter = openConverter(options, 20, 2);
    try {
      const [first, refused, second] = await Promise.allSettled([
        converter.convert(good),
        converter.convert(conversion(new TextEncoder().encode('no video, a text'))),
        converter.convert(good),
      ]);
      const expected = await convertRecording(good, options);
      for (const outcome of [first, second]) {
        if (outcome.status === 'rejected') throw outcome.reason;
        const { video, labels: mask, ...record } = outcome.value;
        expect(Buffer.compare(video, expected.video)).toBe(0);
        expect(Buffer.compare(mask!, expected.labels!)).toBe(0);
        expect(record).toEqual({
          patientHash: undefined,
          geometry: expected.geometry,
          facts: expected.facts,
          annotation: expected.annotation,
          notes: expected.notes,
        });
      }
      expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'FormatUnsupported' } });
    } finally {
      await converter.close();
    }
  });

  it('a film reader that is no program keeps the work in the caller, where it can be called', async () => {
    let calls = 0;
    const grey = Uint8Array.from(image.intensities, (value) => Math.round(value * 255));
    const decode = async () => {
      calls++;
      return { rows: image.rows, columns: image.columns, frameTimeMs: 40, grey };
    };
    const converter = openConverter(
      { reading: { filmReader: { decode }, spacingMm: [0.5, 0.5] }, force: [] },
      20,
      2,
    );
    const film = new TextEncoder().encode('RIFF\0\0\0\0AVI ');
    const planned = { file: 'v.avi', name: 'v' };
    await converter.convert({ planned, recording: bytesOf(film), reference: bytesOf() });
    expect(calls).toBe(1);
    await converter.close();
  });
});
