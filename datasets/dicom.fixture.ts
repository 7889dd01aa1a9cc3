/** Small DICOM files in any transfer syntax, for tests of the readers; none holds anybody's data. */
import { deflateRawSync } from 'node:zlib';

type Tag = readonly [group: number, element: number];

export interface DicomElement {
  readonly tag: Tag;
  readonly vr: string;
  /** Numbers take the file's byte order; bytes are written as they are; items make a sequence. */
  readonly value: string | readonly number[] | Uint8Array | readonly (readonly DicomElement[])[];
}

interface Syntax {
  readonly isExplicit: boolean;
  readonly isLittle: boolean;
}

const LONG = new Set(['OB', 'OW', 'SQ', 'UN', 'OV']);
const SIZES: Readonly<Record<string, number>> = { US: 2, SS: 2, UL: 4, FD: 8 };

function numberBytes(vr: string, numbers: readonly number[], isLittle: boolean): Uint8Array {
  const size = SIZES[vr]!;
  const view = new DataView(new ArrayBuffer(size * numbers.length));
  for (const [i, value] of numbers.entries()) {
    if (vr === 'US') view.setUint16(size * i, value, isLittle);
    else if (vr === 'SS') view.setInt16(size * i, value, isLittle);
    else if (vr === 'UL') view.setUint32(size * i, value, isLittle);
    else view.setFloat64(size * i, value, isLittle);
  }
  return new Uint8Array(view.buffer);
}

function tagAndLength([group, element]: Tag, length: number, isLittle: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setUint16(0, group, isLittle);
  view.setUint16(2, element, isLittle);
  view.setUint32(4, length, isLittle);
  return new Uint8Array(view.buffer);
}

const ITEM: Tag = [0xfffe, 0xe000];

function valueBytes({ vr, value }: DicomElement, syntax: Syntax): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'string') {
    return new TextEncoder().encode(value.length % 2 === 0 ? value : `${value}${vr === 'UI' ? '\0' : ' '}`);
  }
  if (vr !== 'SQ') return numberBytes(vr, value as readonly number[], syntax.isLittle);
  return Buffer.concat(
    (value as readonly (readonly DicomElement[])[]).map((item) => {
      const bytes = encode(item, syntax);
      return Buffer.concat([tagAndLength(ITEM, bytes.length, syntax.isLittle), bytes]);
    }),
  );
}

function encode(elements: readonly DicomElement[], syntax: Syntax): Uint8Array {
  const sorted = [...elements].sort((a, b) => a.tag[0] - b.tag[0] || a.tag[1] - b.tag[1]);
  const parts = sorted.flatMap((element) => {
    const bytes = valueBytes(element, syntax);
    const head = tagAndLength(element.tag, bytes.length, syntax.isLittle);
    if (!syntax.isExplicit) return [head, bytes];
    const vr = new TextEncoder().encode(element.vr);
    if (LONG.has(element.vr)) return [head.subarray(0, 4), vr, new Uint8Array(2), head.subarray(4), bytes];
    return [head.subarray(0, 4), vr, numberBytes('US', [bytes.length], syntax.isLittle), bytes];
  });
  return Buffer.concat(parts);
}

export interface RegionFixture {
  readonly box: readonly [left: number, top: number, right: number, bottom: number];
  /** Centimetres per pixel, or undefined for a region without physical units. */
  readonly centimetres: readonly [perColumn: number, perRow: number] | undefined;
  /** 1 2D, 2 M-mode, 3 spectrum, 4 waveform, 5 graphics. */
  readonly format?: number;
  /** 1 tissue, 2 colour flow, 10 ECG. */
  readonly type?: number;
}

function regionItem({ box, centimetres, format = 1, type = 1 }: RegionFixture): DicomElement[] {
  const units = centimetres === undefined ? 0 : 3;
  return [
    { tag: [0x18, 0x6012], vr: 'US', value: [format] },
    { tag: [0x18, 0x6014], vr: 'US', value: [type] },
    ...box.map((end, i): DicomElement => ({ tag: [0x18, 0x6018 + 2 * i], vr: 'UL', value: [end] })),
    { tag: [0x18, 0x6024], vr: 'US', value: [units] },
    { tag: [0x18, 0x6026], vr: 'US', value: [units] },
    { tag: [0x18, 0x602c], vr: 'FD', value: [centimetres?.[0] ?? 1] },
    { tag: [0x18, 0x602e], vr: 'FD', value: [centimetres?.[1] ?? 1] },
  ];
}

export interface DicomFixture {
  readonly rows: number;
  readonly columns: number;
  readonly frames: number;
  readonly samples?: number;
  readonly photometric?: string;
  readonly planar?: number;
  readonly bits?: 8 | 16;
  readonly stored?: number;
  readonly high?: number;
  readonly isSigned?: boolean;
  readonly frameTime?: string;
  readonly frameTimeVector?: string;
  readonly transferSyntax?: string;
  readonly sopClass?: string;
  readonly modality?: string;
  readonly regions?: readonly RegionFixture[];
  /** Uncompressed pixels as they stand in the file. */
  readonly pixels?: Uint8Array;
  /** Compressed pixels: fragments, and the table of offsets before them. */
  readonly fragments?: readonly Uint8Array[];
  readonly offsets?: readonly number[];
  readonly extra?: readonly DicomElement[];
  /** Left out: the preamble, or the meta information too. */
  readonly without?: 'preamble' | 'meta';
}

const EXPLICIT = '1.2.840.10008.1.2.1';
const ULTRASOUND_MULTI_FRAME = '1.2.840.10008.5.1.4.1.1.3.1';

function text(tag: Tag, vr: string, value: string | undefined): DicomElement[] {
  return value === undefined ? [] : [{ tag, vr, value }];
}

function encapsulated(fragments: readonly Uint8Array[], offsets: readonly number[]): Uint8Array {
  const items = [numberBytes('UL', offsets, true), ...fragments].map((bytes) => {
    const padded = bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, new Uint8Array(1)]);
    return Buffer.concat([tagAndLength(ITEM, padded.length, true), padded]);
  });
  return Buffer.concat([...items, tagAndLength([0xfffe, 0xe0dd], 0, true)]);
}

/** Offsets of fragments, each a frame, as the basic offset table has them. */
export function offsetsOf(fragments: readonly Uint8Array[]): number[] {
  let offset = 0;
  return fragments.map(({ length }) => {
    const start = offset;
    offset += 8 + length + (length % 2);
    return start;
  });
}

function headerElements(fixture: DicomFixture): DicomElement[] {
  const { bits = 8, stored = bits } = fixture;
  return [
    ...text([8, 0x16], 'UI', fixture.sopClass ?? ULTRASOUND_MULTI_FRAME),
    ...text([8, 0x60], 'CS', fixture.modality ?? 'US'),
    ...text([0x10, 0x10], 'PN', 'DOE^JANE'),
    ...text([0x18, 0x1063], 'DS', fixture.frameTime),
    ...text([0x18, 0x1065], 'DS', fixture.frameTimeVector),
    ...(fixture.regions === undefined
      ? []
      : [{ tag: [0x18, 0x6011] as const, vr: 'SQ', value: fixture.regions.map(regionItem) }]),
    { tag: [0x28, 2], vr: 'US', value: [fixture.samples ?? 1] },
    ...text([0x28, 4], 'CS', fixture.photometric ?? 'MONOCHROME2'),
    { tag: [0x28, 6], vr: 'US', value: [fixture.planar ?? 0] },
    ...text([0x28, 8], 'IS', String(fixture.frames)),
    { tag: [0x28, 0x10], vr: 'US', value: [fixture.rows] },
    { tag: [0x28, 0x11], vr: 'US', value: [fixture.columns] },
    { tag: [0x28, 0x100], vr: 'US', value: [bits] },
    { tag: [0x28, 0x101], vr: 'US', value: [stored] },
    { tag: [0x28, 0x102], vr: 'US', value: [fixture.high ?? stored - 1] },
    { tag: [0x28, 0x103], vr: 'US', value: [fixture.isSigned ? 1 : 0] },
    ...(fixture.extra ?? []),
  ];
}

export function dicomFixture(fixture: DicomFixture): Uint8Array {
  const { transferSyntax = EXPLICIT, fragments, pixels, without } = fixture;
  const syntax = {
    isExplicit: transferSyntax !== '1.2.840.10008.1.2',
    isLittle: transferSyntax !== '1.2.840.10008.1.2.2',
  };
  const body: Uint8Array[] = [encode(headerElements(fixture), syntax)];
  if (fragments !== undefined) {
    const head = Uint8Array.of(0xe0, 0x7f, 0x10, 0, 0x4f, 0x42, 0, 0, 0xff, 0xff, 0xff, 0xff);
    body.push(head, encapsulated(fragments, fixture.offsets ?? []));
  } else if (pixels !== undefined) {
    const vr = fixture.bits === 16 ? 'OW' : 'OB';
    body.push(encode([{ tag: [0x7fe0, 0x10], vr, value: pixels }], syntax));
  }
  const data = Buffer.concat(body);
  if (without === 'meta') return new Uint8Array(data);
  const meta = encode(text([2, 0x10], 'UI', transferSyntax), { isExplicit: true, isLittle: true });
  const length = encode([{ tag: [2, 0], vr: 'UL', value: [meta.length] }], {
    isExplicit: true,
    isLittle: true,
  });
  const preamble = new Uint8Array(without === 'preamble' ? 0 : 132);
  if (preamble.length > 0) preamble.set(new TextEncoder().encode('DICM'), 128);
  const isDeflated = transferSyntax.endsWith('.1.99');
  return new Uint8Array(Buffer.concat([preamble, length, meta, isDeflated ? deflateRawSync(data) : data]));
}
