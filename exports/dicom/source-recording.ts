/**
 * What results say of the DICOM recording that they were made of: of whom it is, of which study, and its own
 * identifiers. This leaves the reader for files on the same disk alone; nothing of it is stored or printed.
 */
import type { DataSet } from 'dicom-parser';
import { readHeader } from '../../datasets/dicom/header.ts';
import { bytesOf } from '../../datasets/dicom/header-values.ts';
import { decodeText } from './character-sets.ts';

/** Attributes that all objects of a patient and a study share, by keyword. */
const carriedTags = {
  PatientName: 'x00100010',
  PatientID: 'x00100020',
  IssuerOfPatientID: 'x00100021',
  PatientBirthDate: 'x00100030',
  PatientSex: 'x00100040',
  PatientIdentityRemoved: 'x00120062',
  DeidentificationMethod: 'x00120063',
  StudyInstanceUID: 'x0020000d',
  StudyDate: 'x00080020',
  StudyTime: 'x00080030',
  StudyID: 'x00200010',
  StudyDescription: 'x00081030',
  AccessionNumber: 'x00080050',
  ReferringPhysicianName: 'x00080090',
  PatientAge: 'x00101010',
  PatientSize: 'x00101020',
  PatientWeight: 'x00101030',
  TimezoneOffsetFromUTC: 'x00080201',
  LongitudinalTemporalInformationModified: 'x00280303',
} as const;

const instanceTags = {
  sopClassUid: 'x00080016',
  sopInstanceUid: 'x00080018',
  seriesInstanceUid: 'x0020000e',
  lossy: 'x00282110',
  lossyRatio: 'x00282112',
  lossyMethod: 'x00282114',
  burnedInAnnotation: 'x00280301',
} as const;

/** Longest value that is carried over: a header may hold any number of bytes under any tag. */
const MOST_BYTES = 1024;

export interface SourceRecording {
  /** Values as they stand there, by keyword; absent ones are left out. */
  readonly carried: Readonly<Partial<Record<keyof typeof carriedTags, string>>>;
  /** Undefined where the header does not identify itself. */
  readonly instance:
    | { readonly sopClassUid: string; readonly sopInstanceUid: string; readonly seriesInstanceUid: string }
    | undefined;
  /** Whether its pixels were compressed with loss, and how. */
  readonly lossy: { readonly ratios: readonly string[]; readonly methods: readonly string[] } | undefined;
  /** True when the header says that nothing on the picture tells the patient. */
  readonly isFreeOfText: boolean;
}

function textIn(dataSet: DataSet, tag: string, characterSet: string): string {
  const element = dataSet.elements[tag];
  if (element === undefined || element.length <= 0 || element.length > MOST_BYTES) return '';
  return decodeText(bytesOf(dataSet, element), characterSet);
}

/**
 * Of a file that `readDicom` reads.
 * @param name what messages call the file.
 * @throws DomainError as readHeader
 */
export function readSourceRecording(bytes: Uint8Array, name: string): SourceRecording {
  const { dataSet } = readHeader(bytes, name);
  const characterSet = textIn(dataSet, 'x00080005', '');
  const text = (tag: string) => textIn(dataSet, tag, characterSet);
  const valuesOf = (tag: string) => text(tag).split('\\').filter(Boolean);
  const instance = {
    sopClassUid: text(instanceTags.sopClassUid),
    sopInstanceUid: text(instanceTags.sopInstanceUid),
    seriesInstanceUid: text(instanceTags.seriesInstanceUid),
  };
  const carried = Object.entries(carriedTags)
    .map(([keyword, tag]) => [keyword, text(tag)])
    .filter(([, value]) => value !== '');
  return {
    carried: Object.fromEntries(carried),
    instance: Object.values(instance).every(isUid) ? instance : undefined,
    lossy:
      text(instanceTags.lossy) === '01'
        ? { ratios: valuesOf(instanceTags.lossyRatio), methods: valuesOf(instanceTags.lossyMethod) }
        : undefined,
    isFreeOfText: text(instanceTags.burnedInAnnotation) === 'NO',
  };
}

function isUid(text: string): boolean {
  return /^[0-9.]{1,64}$/.test(text);
}
