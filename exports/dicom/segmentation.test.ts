import { describe, expect, it } from 'vitest';
import { readDicom } from '../../datasets/dicom/read-dicom.ts';
import {
  codeIn,
  exportedResult,
  identifiers,
  ReadBack,
  recordingFile,
  ultrasoundMultiFrame,
} from './result.fixture.ts';
import { encodeSegmentation } from './segmentation.ts';

const result = exportedResult(recordingFile());
const file = encodeSegmentation(result);
const read = new ReadBack(file);
const { frames, rows, columns, labels } = result.labels;

describe('a segmentation as DICOM SEG', () => {
  it('holds the labels bit for bit, a segment after the other', () => {
    const packed = read.bytes('7fe00010');
    expect(packed.length % 2).toBe(0);
    const bitAt = (at: number) => (packed[at >> 3]! >> (at & 7)) & 1;
    [1, 2].forEach((label, segment) => {
      const mask = Array.from(labels, (_, p) => bitAt(segment * labels.length + p));
      expect(mask).toEqual(Array.from(labels, (value) => Number(value === label)));
      expect(mask).toContain(1);
    });
    expect([read.text('00280008'), read.number('00280010'), read.number('00280011')]).toEqual([
      String(2 * frames),
      rows,
      columns,
    ]);
  });

  it('says in codes what its segments are', () => {
    const segments = read.items('00620002');
    expect(segments.map((segment) => codeIn(segment, '0062000f'))).toEqual(['87878005 SCT', '49848007 SCT']);
    expect(segments.map((segment) => codeIn(segment, '00620003'))).toEqual(['91723000 SCT', '91723000 SCT']);
    expect(segments.map((segment) => segment.number('00620004'))).toEqual([1, 2]);
    expect(segments.map((segment) => segment.text('00620008'))).toEqual(['AUTOMATIC', 'AUTOMATIC']);
  });

  it('refers, frame by frame, to the recording', () => {
    const groups = read.items('52009230');
    expect(groups).toHaveLength(2 * frames);
    groups.forEach((group, i) => {
      const [derivation] = group.items('00089124');
      const [source] = derivation!.items('00082112');
      expect(source!.text('00081150')).toBe(ultrasoundMultiFrame);
      expect(source!.text('00081155')).toBe(identifiers.instance);
      expect(source!.text('00081160')).toBe(String((i % frames) + 1));
      expect(group.items('0062000a')[0]!.number('0062000b')).toBe(i < frames ? 1 : 2);
    });
    const [series] = read.items('00081115');
    expect(series!.text('0020000e')).toBe(identifiers.series);
  });

  it('belongs to the patient and the study of the recording, in a series of its own', () => {
    expect(read.text('00100010')).toBe('DOE^JANE');
    expect(read.text('00100020')).toBe('P-42');
    expect(read.text('0020000d')).toBe(identifiers.study);
    expect(read.text('00080050')).toBe('A-77');
    expect(read.text('0020000e')).not.toBe(identifiers.series);
    expect([read.text('00080060'), read.text('00200052')]).toEqual(['SEG', undefined]);
  });

  it('has identifiers of its own every time it is made, and the same ones for the same moment', () => {
    const instance = (made: Date) => new ReadBack(encodeSegmentation({ ...result, made })).text('00080018')!;
    const later = new Date(result.made.getTime() + 1000);
    expect(instance(result.made)).toBe(read.text('00080018'));
    expect(instance(later)).not.toBe(read.text('00080018'));
    expect(instance(later)).toMatch(/^2\.25\.[1-9]\d{1,38}$/);
    const other = { ...result, labels: { ...result.labels, labels: labels.map(() => 0) } };
    expect(new ReadBack(encodeSegmentation(other)).text('00080018')).not.toBe(read.text('00080018'));
  });

  it('of a recording that is no DICOM file names nobody, and lies in a frame of reference of its own', () => {
    const alone = new ReadBack(encodeSegmentation(exportedResult()));
    expect([alone.text('00100010'), alone.text('00100020')]).toEqual(['', '']);
    expect(alone.text('0020000d')).toMatch(/^2\.25\./);
    expect(alone.text('00200052')).toMatch(/^2\.25\./);
    expect(alone.has('00081115')).toBe(false);
    expect(alone.items('52009230')[0]!.has('00089124')).toBe(false);
  });

  it('is named for what it is when it is taken for a recording', async () => {
    await expect(readDicom(file, 'a.seg.dcm')).rejects.toThrow(/segmentation/i);
  });
});

describe('de-identification', () => {
  it('of the recording is that of the segmentation', () => {
    const source = recordingFile([
      { tag: [0x10, 0x20], vr: 'LO', value: 'SUBJECT-1' },
      { tag: [0x12, 0x62], vr: 'CS', value: 'YES' },
    ]);
    const deidentified = new ReadBack(encodeSegmentation(exportedResult(source)));
    expect(deidentified.text('00100020')).toBe('SUBJECT-1');
    expect(deidentified.text('00120062')).toBe('YES');
    expect(deidentified.text('00120063')).toBe('as of the recording');
    expect(read.has('00120062')).toBe(false);
  });
});
