/** Palettes (PS3.3 section C.7.9 and C.7.6.3.1.5): stored numbers that stand for colours, given here as their luma. */
import type { DataSet } from 'dicom-parser';
import { bytesOf } from './header-values.ts';
import { damaged, unsupported } from './problems.ts';

/** Red, green and blue: tags of descriptor, table, and segmented table. */
const COLOURS = [
  { descriptor: 'x00281101', table: 'x00281201', segmented: 'x00281221' },
  { descriptor: 'x00281102', table: 'x00281202', segmented: 'x00281222' },
  { descriptor: 'x00281103', table: 'x00281203', segmented: 'x00281223' },
] as const;

export interface Palette {
  /** Stored number of the first entry; lower ones have its colour. */
  readonly first: number;
  /** Luma of each entry, 0 to 255; higher numbers have the colour of the last. */
  readonly luma: Uint8Array;
}

interface Descriptor {
  readonly entries: number;
  readonly first: number;
  readonly bits: number;
}

function descriptorOf(header: DataSet, tag: string, isSigned: boolean): Descriptor | undefined {
  const entries = header.uint16(tag, 0);
  const first = isSigned ? header.int16(tag, 1) : header.uint16(tag, 1);
  const bits = header.uint16(tag, 2);
  if (entries === undefined || first === undefined || (bits !== 8 && bits !== 16)) return undefined;
  return { entries: entries === 0 ? 65_536 : entries, first, bits };
}

/** Entries of one colour as numbers from 0 to 255; undefined when the table is too short. */
function entriesOf(header: DataSet, tag: string, { entries, bits }: Descriptor): Float32Array | undefined {
  const element = header.elements[tag];
  if (element === undefined) return undefined;
  const bytes = bytesOf(header, element);
  const result = new Float32Array(entries);
  if (bits === 8 && bytes.length < 2 * entries) {
    if (bytes.length < entries) return undefined;
    return result.map((_, i) => bytes[i]!);
  }
  if (bytes.length < 2 * entries) return undefined;
  const scale = bits === 8 ? 1 : 1 / 257;
  return result.map((_, i) => (header.uint16(tag, i) ?? 0) * scale);
}

/** @throws FormatUnsupported for segmented palettes; DatasetInvalid for a palette that is missing or too short */
export function readPalette(header: DataSet, isSigned: boolean, name: string): Palette {
  if (COLOURS.some(({ segmented }) => header.elements[segmented] !== undefined)) {
    throw unsupported(
      name,
      'expected a plain palette, found a segmented one. Convert the file to RGB first.',
    );
  }
  const colours = COLOURS.map(({ descriptor, table }) => {
    const described = descriptorOf(header, descriptor, isSigned);
    return described && { described, entries: entriesOf(header, table, described) };
  });
  const [red, green, blue] = colours.map((colour) => colour?.entries);
  const first = colours[0]?.described.first;
  if (
    !red ||
    !green ||
    !blue ||
    first === undefined ||
    red.length !== green.length ||
    red.length !== blue.length
  ) {
    throw damaged(name, 'expected a palette of red, green and blue, found one that is missing or too short.');
  }
  const luma = Uint8Array.from(red, (_, i) =>
    Math.round(0.299 * red[i]! + 0.587 * green[i]! + 0.114 * blue[i]!),
  );
  return { first, luma };
}
