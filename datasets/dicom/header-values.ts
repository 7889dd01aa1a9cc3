/** Values of a header, read with bounds: a file may hold any number of bytes under any tag. */
import type { DataSet, Element } from 'dicom-parser';

/** Longest text that is read from an element; the frame times of the longest recording fit into it. */
const MOST_TEXT = 128 * 1024;

/** Tags in the parser's form, by the standard's keywords. */
export const tags = {
  transferSyntaxUid: 'x00020010',
  mediaStorageSopClassUid: 'x00020002',
  directoryRecordSequence: 'x00041220',
  sopClassUid: 'x00080016',
  modality: 'x00080060',
  recommendedDisplayFrameRate: 'x00082144',
  patientId: 'x00100020',
  issuerOfPatientId: 'x00100021',
  cineRate: 'x00180040',
  frameTime: 'x00181063',
  frameTimeVector: 'x00181065',
  ultrasoundRegions: 'x00186011',
  studyInstanceUid: 'x0020000d',
  samplesPerPixel: 'x00280002',
  photometricInterpretation: 'x00280004',
  planarConfiguration: 'x00280006',
  numberOfFrames: 'x00280008',
  rows: 'x00280010',
  columns: 'x00280011',
  pixelSpacing: 'x00280030',
  bitsAllocated: 'x00280100',
  bitsStored: 'x00280101',
  highBit: 'x00280102',
  pixelRepresentation: 'x00280103',
  burnedInAnnotation: 'x00280301',
  windowCenter: 'x00281050',
  windowWidth: 'x00281051',
  rescaleIntercept: 'x00281052',
  rescaleSlope: 'x00281053',
  extendedOffsetTable: 'x7fe00001',
  pixelData: 'x7fe00010',
} as const;

/** Text of an element, trimmed; '' when it is absent, empty or longer than any value that is read here. */
export function textOf(header: DataSet, tag: string): string {
  const element = header.elements[tag];
  if (element === undefined || element.length <= 0 || element.length > MOST_TEXT) return '';
  return (header.string(tag) ?? '').replaceAll('\0', '').trim();
}

/** Decimal strings of an element; what is not a number is NaN. Empty when the element is absent. */
export function numbersOf(header: DataSet, tag: string): number[] {
  const text = textOf(header, tag);
  return text === '' ? [] : text.split('\\').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
}

/** First decimal string; undefined when absent or no number. */
export function numberOf(header: DataSet, tag: string): number | undefined {
  const first = numbersOf(header, tag)[0];
  return first !== undefined && Number.isFinite(first) ? first : undefined;
}

/**
 * True when the element holds a number of `size` bytes at this index: the parser reads past the end of a value that is
 * too short.
 */
function holds(header: DataSet, tag: string, size: number, index: number): boolean {
  return (header.elements[tag]?.length ?? 0) >= size * (index + 1);
}

/** A binary number of two bytes; undefined when the element has none at this index. */
export function uint16Of(header: DataSet, tag: string, index = 0): number | undefined {
  return holds(header, tag, 2, index) ? header.uint16(tag, index) : undefined;
}

export function int16Of(header: DataSet, tag: string, index = 0): number | undefined {
  return holds(header, tag, 2, index) ? header.int16(tag, index) : undefined;
}

export function uint32Of(header: DataSet, tag: string): number | undefined {
  return holds(header, tag, 4, 0) ? header.uint32(tag) : undefined;
}

export function doubleOf(header: DataSet, tag: string): number | undefined {
  return holds(header, tag, 8, 0) ? header.double(tag) : undefined;
}

/** Bytes of an element, sharing memory with the file; clipped at its end. */
export function bytesOf(header: DataSet, element: Element): Uint8Array {
  const start = Math.min(element.dataOffset, header.byteArray.length);
  return header.byteArray.subarray(start, Math.min(start + element.length, header.byteArray.length));
}
