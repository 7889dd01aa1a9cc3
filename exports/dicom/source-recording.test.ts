import { describe, expect, it } from 'vitest';
import { dateAndTime } from './derived-object.ts';
import { exportedResult, ReadBack, recordingFile } from './result.fixture.ts';
import { encodeSegmentation } from './segmentation.ts';
import { readSourceRecording } from './source-recording.ts';

const characterSet = (value: string) => ({ tag: [8, 5] as const, vr: 'CS', value });
const studyDescription = (value: Uint8Array) => ({ tag: [8, 0x1030] as const, vr: 'LO', value });

describe('names in other letters', () => {
  it.each([
    { set: 'ISO_IR 100', bytes: [0x4d, 0xfc, 0x6c, 0x6c, 0x65, 0x72], text: 'Müller' },
    { set: 'ISO_IR 144', bytes: [0xbb, 0xee, 0xda, 0x20], text: 'Люк' },
    { set: 'ISO_IR 192', bytes: [...Buffer.from('Łódź', 'utf8'), 0x20], text: 'Łódź' },
    { set: '\\ISO 2022 IR 87', bytes: [0x1b, 0x24, 0x42, 0x3b, 0x33, 0x1b, 0x28, 0x42], text: '山' },
    { set: '\\ISO 2022 IR 149', bytes: [0x1b, 0x24, 0x29, 0x43, 0xb1, 0xe8], text: '김' },
    { set: 'constructor', bytes: [0x41, 0x42], text: 'AB' },
    { set: 'NO SUCH SET', bytes: [0x41, 0x42], text: 'AB' },
  ])('are carried over as UTF-8 from $set', ({ set, bytes, text }) => {
    const file = recordingFile([characterSet(set), studyDescription(Uint8Array.from(bytes))]);
    const read = new ReadBack(encodeSegmentation(exportedResult(file)));
    expect(read.text('00081030')).toBe(text);
    expect(read.text('00080005')).toBe('ISO_IR 192');
  });
});

describe('a header that does not hold what it should', () => {
  it('is referred to by nothing where it has no identifiers, and its study gets one', () => {
    const file = recordingFile([
      { tag: [8, 0x18], vr: 'UI', value: 'not a number' },
      { tag: [0x20, 0x0d], vr: 'UI', value: 'neither' },
    ]);
    expect(readSourceRecording(file, 'a.dcm').instance).toBeUndefined();
    const read = new ReadBack(encodeSegmentation(exportedResult(file)));
    expect(read.text('0020000d')).toMatch(/^2\.25\.\d+$/);
    expect(read.has('00081115')).toBe(false);
  });

  it('does not hand on values longer than any that are meant', () => {
    const long = 'x'.repeat(5000);
    const { carried } = readSourceRecording(
      recordingFile([{ tag: [8, 0x1030], vr: 'LO', value: long }]),
      'a.dcm',
    );
    expect(carried.StudyDescription).toBeUndefined();
    expect(carried.PatientID).toBe('P-42');
  });

  it('keeps values that are a little too long for their kind', () => {
    const file = recordingFile([{ tag: [0x20, 0x10], vr: 'SH', value: 'a study id of many letters' }]);
    const read = new ReadBack(encodeSegmentation(exportedResult(file)));
    expect(read.text('00200010')).toBe('a study id of many letters');
  });
});

describe('loss', () => {
  it('of a compressed recording is carried on', () => {
    const file = recordingFile([
      { tag: [0x28, 0x2110], vr: 'CS', value: '01' },
      { tag: [0x28, 0x2112], vr: 'DS', value: '19.5' },
      { tag: [0x28, 0x2114], vr: 'CS', value: 'ISO_10918_1' },
    ]);
    const read = new ReadBack(encodeSegmentation(exportedResult(file)));
    expect(['00282110', '00282112', '00282114'].map((tag) => read.text(tag))).toEqual([
      '01',
      '19.5',
      'ISO_10918_1',
    ]);
    expect(new ReadBack(encodeSegmentation(exportedResult())).text('00282110')).toBe('00');
  });
});

describe('date and time', () => {
  it('are written in the offset that the recording states', () => {
    const moment = new Date('2026-12-31T23:30:05.250Z');
    expect(dateAndTime(moment, '+0530')).toEqual({ date: '20270101', time: '050005.250' });
    expect(dateAndTime(moment, '-0100')).toEqual({ date: '20261231', time: '223005.250' });
  });
});
