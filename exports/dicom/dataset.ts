/** A DICOM object as attributes by keyword, and the file that it becomes. */
import { createHash } from 'node:crypto';
import dcmjs from 'dcmjs';

type AttributeValue = string | number | readonly (string | number)[] | readonly Dataset[];

/** Attributes by the standard's keywords; '' is an attribute without a value. Sequences are lists of datasets. */
export interface Dataset {
  readonly [keyword: string]: AttributeValue | undefined;
}

/** What every object is. */
export interface DicomObject extends Dataset {
  readonly SOPClassUID: string;
  readonly SOPInstanceUID: string;
}

// It tells values that it cuts, such as the size of a patient.
dcmjs.log.disableAll();

const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
/** Who wrote the file, for others who find a fault in it: made once, by the rule of `uidOf`. */
const IMPLEMENTATION_CLASS = uidOf('echoloop');

/** (7FE0,0010), bytes, two that are reserved. */
const PIXEL_DATA = Uint8Array.of(0xe0, 0x7f, 0x10, 0, 0x4f, 0x42, 0, 0);

/** Longest pixels: the length of an element has 32 bits, of which the last values mean something else. */
export const MOST_PIXEL_BYTES = 2 ** 31;

/**
 * A unique identifier made of what it stands for: the same parts give the same one. Below 2.25, the root of identifiers
 * that are random 128-bit numbers (PS3.5 B.2).
 */
export function uidOf(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  const number = BigInt(`0x${hash.digest('hex').slice(0, 32)}`);
  return `2.25.${number}`;
}

/** A number as a decimal string of at most 16 characters. */
export function decimal(value: number): string {
  return String(Number(value.toPrecision(10))).slice(0, 16);
}

function withoutUndefined(dataset: Dataset): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(dataset)
      .filter(([, value]) => value !== undefined)
      .map(([keyword, value]) => [keyword, isSequence(value) ? value.map(withoutUndefined) : value]),
  );
}

function isSequence(value: AttributeValue | undefined): value is readonly Dataset[] {
  return (
    Array.isArray(value) && value.every((item) => typeof item === 'object' && !(item instanceof ArrayBuffer))
  );
}

/**
 * The bytes of a DICOM file, explicit little endian, its text in UTF-8.
 * @param pixels value of PixelData, of an even length. dcmjs writes byte after byte, a minute for what these take a
 * tenth of a second for, and nothing in a file comes after them: they are put behind what it writes.
 */
export function encodeDicom(object: DicomObject, pixels?: Uint8Array): Uint8Array {
  const { DicomDict, DicomMetaDictionary } = dcmjs.data;
  const file = new DicomDict(
    DicomMetaDictionary.denaturalizeDataset({
      FileMetaInformationVersion: new Uint8Array([0, 1]).buffer,
      MediaStorageSOPClassUID: object.SOPClassUID,
      MediaStorageSOPInstanceUID: object.SOPInstanceUID,
      TransferSyntaxUID: EXPLICIT_LITTLE_ENDIAN,
      ImplementationClassUID: IMPLEMENTATION_CLASS,
      ImplementationVersionName: 'ECHOLOOP',
    }),
  );
  const dataset = { SpecificCharacterSet: 'ISO_IR 192', ...withoutUndefined(object) };
  file.dict = DicomMetaDictionary.denaturalizeDataset(dataset);
  // What a source says too long is carried over as it says it.
  const header = new Uint8Array(file.write({ allowInvalidVRLength: true }));
  if (pixels === undefined) return header;
  const whole = new Uint8Array(header.length + PIXEL_DATA.length + 4 + pixels.length);
  whole.set(header);
  whole.set(PIXEL_DATA, header.length);
  new DataView(whole.buffer).setUint32(header.length + PIXEL_DATA.length, pixels.length, true);
  whole.set(pixels, header.length + PIXEL_DATA.length + 4);
  return whole;
}
