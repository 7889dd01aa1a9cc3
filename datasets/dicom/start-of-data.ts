/**
 * Where the elements of a DICOM file start and how they are written, seen from its first bytes: most files have a
 * preamble and "DICM", some exporters leave both out, and some headers name a transfer syntax that the elements after
 * them do not have.
 */

/** Value representations of PS3.5 section 6.2. */
const REPRESENTATIONS = new Set(
  'AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV'.split(
    ' ',
  ),
);
const PREAMBLE = 128;
/** Groups that a data set without preamble may start with: file meta information, and identification. */
const FIRST_GROUPS = [2, 8];

export interface ElementSyntax {
  readonly isExplicit: boolean;
  readonly isBigEndian: boolean;
}

/** True when the bytes have "DICM" after a preamble. */
function hasPreamble(bytes: Uint8Array): boolean {
  return (
    bytes[PREAMBLE] === 0x44 &&
    bytes[PREAMBLE + 1] === 0x49 &&
    bytes[PREAMBLE + 2] === 0x43 &&
    bytes[PREAMBLE + 3] === 0x4d
  );
}

/**
 * How the element at `position` is written; undefined when it is none of the three ways, or its group is not expected.
 */
export function elementSyntaxAt(
  bytes: Uint8Array,
  position: number,
  groups: readonly number[] = FIRST_GROUPS,
): ElementSyntax | undefined {
  if (position + 8 > bytes.length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + position, 8);
  const isExplicit = REPRESENTATIONS.has(String.fromCharCode(bytes[position + 4]!, bytes[position + 5]!));
  if (groups.includes(view.getUint16(0, true))) {
    const length = view.getUint32(4, true);
    // Implicit elements have no mark of their own: the length must at least end inside the file.
    const isImplicit = length % 2 === 0 && length <= bytes.length - position - 8;
    return isExplicit || isImplicit ? { isExplicit, isBigEndian: false } : undefined;
  }
  return isExplicit && groups.includes(view.getUint16(0, false))
    ? { isExplicit, isBigEndian: true }
    : undefined;
}

/** Byte at which the first element lies; undefined when the bytes are no DICOM. */
export function startOfElements(bytes: Uint8Array): number | undefined {
  if (hasPreamble(bytes)) return PREAMBLE + 4;
  const first = elementSyntaxAt(bytes, 0);
  if (first === undefined) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  const length = first.isExplicit ? view.getUint16(6, !first.isBigEndian) : view.getUint32(4, true);
  // One element may look right by chance; two in rising order do not.
  const second = 8 + length;
  const next = elementSyntaxAt(bytes, second);
  if (next === undefined || next.isExplicit !== first.isExplicit) return undefined;
  const number = (position: number) =>
    new DataView(bytes.buffer, bytes.byteOffset + position, 4).getUint16(2, !first.isBigEndian);
  const group = (position: number) =>
    new DataView(bytes.buffer, bytes.byteOffset + position, 4).getUint16(0, !first.isBigEndian);
  return group(second) > group(0) || number(second) > number(0) ? 0 : undefined;
}

/** Character set, SOP class and transfer syntax: elements with which a data set or its meta information begins. */
const FIRST_ELEMENTS = ['080005004353', '080016005549', '020010005549'];
const LOOKED_AT = 1024;

/** True for a DICOM file, with or without preamble, and for one whose beginning is damaged. */
export function isDicom(bytes: Uint8Array): boolean {
  if (startOfElements(bytes) !== undefined) return true;
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, LOOKED_AT));
  return FIRST_ELEMENTS.some((element) => head.includes(element, 0, 'hex'));
}
