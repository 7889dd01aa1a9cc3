/** Palettes (PS3.3 section C.7.9 and C.7.6.3.1.5): stored numbers that stand for colours, given here as their luma. */
import type { DataSet } from 'dicom-parser';
import { lumaOf } from '../luma.ts';
import { bytesOf, int16Of, uint16Of } from './header-values.ts';
import { damaged } from './problems.ts';
import { expandSegments } from './segmented-palette.ts';

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
  readonly bits: 8 | 16;
}

function descriptorOf(header: DataSet, tag: string, isSigned: boolean): Descriptor | undefined {
  const entries = uint16Of(header, tag, 0);
  const first = isSigned ? int16Of(header, tag, 1) : uint16Of(header, tag, 1);
  const bits = uint16Of(header, tag, 2);
  if (entries === undefined || first === undefined || (bits !== 8 && bits !== 16)) return undefined;
  return { entries: entries === 0 ? 65_536 : entries, first, bits };
}

/** Numbers of a table: bytes, one or two to an entry of 8 bits, or numbers of two bytes in the file's order. */
function numbersOfTable(header: DataSet, tag: string, bits: 8 | 16, least: number): number[] | undefined {
  const element = header.elements[tag];
  if (element === undefined) return undefined;
  const bytes = bytesOf(header, element);
  const hasBytes = bits === 8 && bytes.length < 2 * least;
  return hasBytes
    ? Array.from(bytes)
    : Array.from({ length: Math.floor(bytes.length / 2) }, (_, i) => uint16Of(header, tag, i) ?? 0);
}

/** Entries of one colour as numbers from 0 to 255; undefined when the table is too short. */
function entriesOf(
  header: DataSet,
  colour: (typeof COLOURS)[number],
  described: Descriptor,
): number[] | undefined {
  const { entries, bits } = described;
  const segments = numbersOfTable(header, colour.segmented, bits, bits === 8 ? Number.POSITIVE_INFINITY : 0);
  const numbers = segments
    ? expandSegments({ data: segments, bits, entries })
    : numbersOfTable(header, colour.table, bits, entries);
  if (numbers === undefined || numbers.length < entries) return undefined;
  return numbers.slice(0, entries).map((value) => (bits === 8 ? value & 255 : value / 257));
}

/** @throws DatasetInvalid for a palette that is missing or too short */
export function readPalette(header: DataSet, isSigned: boolean, name: string): Palette {
  const expected = 'expected a palette of red, green and blue';
  const described = COLOURS.map(({ descriptor }) => descriptorOf(header, descriptor, isSigned));
  let entries: (number[] | undefined)[] = [];
  try {
    entries = COLOURS.map((colour, i) => described[i] && entriesOf(header, colour, described[i]));
  } catch (cause) {
    throw damaged(name, `${expected}, found segments that make none.`, cause);
  }
  const [red, green, blue] = entries;
  if (!red || !green || !blue || red.length !== green.length || red.length !== blue.length) {
    throw damaged(name, `${expected}, found one that is missing or too short.`);
  }
  const luma = Uint8Array.from(red, (_, i) => lumaOf(red[i]!, green[i]!, blue[i]!));
  return { first: described[0]!.first, luma };
}
