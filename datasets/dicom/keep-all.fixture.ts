/** Reads generated files that state neither text nor regions, so that all their pixels are kept. */
import { type DicomElement, type DicomFixture, dicomFixture } from '../dicom.fixture.ts';
import { type DicomOptions, readDicom } from './read-dicom.ts';

export const ROOT = '1.2.840.10008.1.2';
const noText: DicomElement = { tag: [0x28, 0x301], vr: 'CS', value: 'NO' };

export function read(changes: Partial<DicomFixture>, options: DicomOptions = {}) {
  const { extra = [], ...rest } = changes;
  const fixture = { rows: 2, columns: 4, frames: 1, ...rest, extra: [noText, ...extra] };
  return readDicom(dicomFixture(fixture), 'a.dcm', { spacingMm: [1, 1], ...options });
}

/** Its grey levels as bytes. */
export async function bytesOf(changes: Partial<DicomFixture>, options: DicomOptions = {}) {
  const { intensities } = await read(changes, options);
  return [...intensities].map((value) => Math.round(value * 255));
}
