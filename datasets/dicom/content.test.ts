import { describe, expect, test } from 'vitest';
import { type DicomFixture, dicomFixture } from '../dicom.fixture.ts';
import { type RefusalReason, refusalReasonNames } from '../refusal.ts';
import { readDicom } from './read-dicom.ts';
import { isDicom } from './start-of-data.ts';

const STORAGE = '1.2.840.10008.5.1.4.1.1';
const base: DicomFixture = {
  ...{ rows: 2, columns: 4, frames: 2, frameTime: '40', pixels: new Uint8Array(16).fill(9) },
  regions: [{ box: [0, 0, 3, 1], centimetres: [0.1, 0.1] }],
  extra: [{ tag: [0x28, 0x301], vr: 'CS', value: 'NO' }],
};
const read = (changes: Partial<DicomFixture>, force: readonly RefusalReason[] = []) =>
  readDicom(dicomFixture({ ...base, ...changes }), 'a.dcm', { force });

describe('what has no recording in it is named for what it is', () => {
  test.each([
    ['88.11', 'a report or another structured document'],
    ['88.67', 'a report or another structured document'],
    ['9.1.1', 'a waveform such as an ECG'],
    ['104.1', 'a PDF document'],
    ['11.1', 'a presentation state'],
    ['66.4', 'a segmentation'],
    ['66', 'raw data, a registration or a surface'],
    ['481.3', 'a radiotherapy plan or set of structures'],
  ])('%s is %s', async (sopClass, title) => {
    const { pixels: _, regions: __, ...document } = base;
    const file = dicomFixture({ ...document, sopClass: `${STORAGE}.${sopClass}`, modality: 'OT' });
    const error = await readDicom(file, 'a.dcm').catch((failure: unknown) => failure);
    expect(error).toMatchObject({ code: 'FormatUnsupported' });
    expect(String(error)).toContain(`a.dcm: this is ${title}`);
    expect(String(error)).not.toMatch(/damaged|Export/);
  });

  test('a DICOMDIR is an index', async () => {
    const extra = [{ tag: [4, 0x1220], vr: 'SQ', value: [] } as const];
    await expect(read({ sopClass: '', extra })).rejects.toThrow(/this is a DICOMDIR, the index of a folder/);
  });
});

describe('pictures that are no recording of the heart by ultrasound', () => {
  test.each<[string, string, RefusalReason, string]>([
    ['2', 'CT', 'not-ultrasound', 'found a CT image'],
    ['4', 'MR', 'not-ultrasound', 'found an MR image'],
    ['20', 'NM', 'not-ultrasound', 'found a nuclear medicine image'],
    ['77.1.6', 'SM', 'not-ultrasound', 'found a microscopy slide'],
    ['7', 'OT', 'not-ultrasound', 'found a secondary capture'],
    ['6.2', 'US', 'volume', 'found an ultrasound volume'],
  ])('%s of modality %s is refused as %s, unless forced', async (sopClass, modality, reason, found) => {
    const file = { sopClass: `${STORAGE}.${sopClass}`, modality };
    await expect(read(file)).rejects.toMatchObject({ code: 'DatasetInvalid', details: { reason } });
    await expect(read(file)).rejects.toThrow(found);
    const others = refusalReasonNames.filter((name) => name !== reason);
    await expect(read(file, others)).rejects.toThrow(found);
    expect((await read(file, [reason])).frames).toBe(2);
  });

  test('a captured screen of ultrasound passes as a loop, not as one frame', async () => {
    const capture = { sopClass: `${STORAGE}.7.2`, modality: 'US' };
    expect((await read(capture)).frames).toBe(2);
    const single = { ...capture, frames: 1 };
    await expect(read(single)).rejects.toMatchObject({ details: { reason: 'single-capture' } });
    expect((await read(single, ['single-capture'])).frames).toBe(1);
  });

  test('a file that says nowhere what it is passes only with an ultrasound region', async () => {
    expect((await read({ sopClass: '', modality: '' })).frames).toBe(2);
    const { regions: _, ...rest } = base;
    const file = dicomFixture({ ...rest, sopClass: '', modality: '' });
    await expect(readDicom(file, 'a.dcm')).rejects.toThrow(
      /expected ultrasound, found a file that names no modality/,
    );
  });

  test('ultrasound of older classes passes', async () => {
    for (const sopClass of ['3', '3.1', '6', '6.1']) {
      expect((await read({ sopClass: `${STORAGE}.${sopClass}` })).frames).toBe(2);
    }
  });
});

describe('recognising DICOM', () => {
  test('by its preamble, by its elements, or by elements after a damaged beginning', () => {
    const file = dicomFixture(base);
    expect(isDicom(file)).toBe(true);
    expect(isDicom(dicomFixture({ ...base, without: 'preamble' }))).toBe(true);
    expect(isDicom(dicomFixture({ ...base, without: 'meta' }))).toBe(true);
    expect(isDicom(file.subarray(1))).toBe(true);
  });

  test('not by chance', () => {
    for (const bytes of [
      new Uint8Array(0),
      new Uint8Array(4096),
      new TextEncoder().encode('study,view,id\na,4ch,b\n'.repeat(20)),
      Uint8Array.from({ length: 4096 }, (_, i) => (i * 2654435761) >>> 24),
      Uint8Array.of(8, 0, 0, 0, 2, 0, 0, 0, 1, 2),
    ]) {
      expect(isDicom(bytes)).toBe(false);
    }
  });

  test('a damaged beginning is said', async () => {
    await expect(readDicom(dicomFixture(base).subarray(1), 'a.dcm')).rejects.toThrow(
      /a\.dcm: expected a DICOM file, found what looks like one without its preamble/,
    );
  });
});
