import { describe, expect, test } from 'vitest';
import { type DicomElement, type DicomFixture, dicomFixture } from '../dicom.fixture.ts';
import { readDicom } from './read-dicom.ts';

/** Every element that may hold something of a person holds this. */
const SECRET = 'SECRET';
const elements: readonly DicomElement[] = [
  ...[0x05, 0x50, 0x80, 0x90, 0x1010, 0x103e, 0x1030, 0x1040, 0x1048, 0x1070, 0x1090].map(
    (element): DicomElement => ({ tag: [8, element], vr: 'LO', value: SECRET }),
  ),
  ...[0x10, 0x20, 0x21, 0x30, 0x40, 0x1000, 0x1001, 0x1040, 0x2154, 0x4000].map(
    (element): DicomElement => ({ tag: [0x10, element], vr: 'LO', value: `${SECRET}-1` }),
  ),
  ...[0x0d, 0x0e, 0x10, 0x4000].map(
    (element): DicomElement => ({ tag: [0x20, element], vr: 'LO', value: `${SECRET}-2` }),
  ),
  { tag: [0x28, 0x301], vr: 'CS', value: 'NO' },
  { tag: [9, 0x10], vr: 'LO', value: SECRET },
  { tag: [0x40, 0x275], vr: 'SQ', value: [[{ tag: [0x32, 0x1060], vr: 'LO', value: SECRET }]] },
];
const base: DicomFixture = {
  ...{ rows: 2, columns: 4, frames: 2, frameTime: '40', pixels: new Uint8Array(16).fill(9) },
  regions: [{ box: [0, 0, 3, 1], centimetres: [0.1, 0.1] }],
  extra: elements,
};
const identityKey = new TextEncoder().encode('a key of the hospital, 32 bytes.');

describe('what leaves the reader', () => {
  test('is what is listed, and nothing else of the header', async () => {
    const video = await readDicom(dicomFixture(base), 'a.dcm', { identityKey });
    expect(Object.keys(video).sort()).toEqual(
      [
        'columns',
        'facts',
        'frameTimeMs',
        'frames',
        'groups',
        'intensities',
        'notes',
        'rows',
        'spacingMm',
      ].sort(),
    );
    expect(JSON.stringify(video)).not.toMatch(/SECRET|DOE/);
  });

  test.each<[string, Partial<DicomFixture>]>([
    ['a photometric interpretation', { photometric: 'Secret^Name' }],
    ['a transfer syntax', { transferSyntax: 'Secret^Name' }],
    ['a modality', { modality: 'Secret^Name', sopClass: '1.2.3', regions: [] }],
    ['a SOP class', { modality: '', sopClass: 'Secret^Name', regions: [] }],
    ['a frame time', { frameTime: 'Secret^Name' }],
  ])('not in the message when %s is refused', async (_, changes) => {
    const error: unknown = await readDicom(dicomFixture({ ...base, ...changes }), 'a.dcm').catch(
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(Error);
    const { message, cause, details, stack } = error as Error & { details: object };
    const all = JSON.stringify([message, String(cause), details, stack]);
    expect(all).not.toMatch(/secret|doe/i);
  });

  test('not in any message, wherever the header is cut short', async () => {
    const file = dicomFixture(base);
    for (let length = 1; length < file.length; length += 3) {
      const error: unknown = await readDicom(file.subarray(0, length), 'a.dcm').catch((e: unknown) => e);
      expect(error).toMatchObject({ code: expect.stringMatching(/DatasetInvalid|FormatUnsupported/) });
      const { message, cause } = error as Error;
      expect(`${message} ${cause instanceof Error ? cause.message : ''}`).not.toMatch(/SECRET|DOE/);
    }
  });
});

describe('groups', () => {
  const groups = async (patient: string, study: string, key = identityKey) => {
    const extra: DicomElement[] = [
      { tag: [0x10, 0x20], vr: 'LO', value: patient },
      { tag: [0x20, 0x0d], vr: 'UI', value: study },
      { tag: [0x28, 0x301], vr: 'CS', value: 'NO' },
    ];
    return (await readDicom(dicomFixture({ ...base, extra }), 'a.dcm', { identityKey: key })).groups!;
  };

  test('a patient and a study have the same name in all their files, and another under another key', async () => {
    const first = await groups('17', '1.2.3');
    expect(first.patient).toMatch(/^patient-[0-9a-f]{16}$/);
    expect(first.study).toMatch(/^study-[0-9a-f]{16}$/);
    expect(await groups('17', '1.2.3')).toEqual(first);
    expect((await groups('17', '1.2.4')).patient).toBe(first.patient);
    expect((await groups('17', '1.2.4')).study).not.toBe(first.study);
    expect((await groups('18', '1.2.3')).patient).not.toBe(first.patient);
    const other = await groups('17', '1.2.3', new TextEncoder().encode('another key of 30 bytes or so.'));
    expect(other.patient).not.toBe(first.patient);
    expect(other.study).not.toBe(first.study);
  });

  test('a patient without a number is as many patients as studies, and none without a study', async () => {
    const first = await groups('', '1.2.3');
    expect(first.patient).toBe(first.study);
    expect(await groups('', '')).toEqual({ patient: undefined, study: undefined });
  });

  test('none are made without a key, and a short key is refused', async () => {
    expect(await readDicom(dicomFixture(base), 'a.dcm')).not.toHaveProperty('groups');
    await expect(groups('17', '1', new Uint8Array(8))).rejects.toMatchObject({ code: 'ConfigInvalid' });
  });
});
