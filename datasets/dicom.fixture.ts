/** Small explicit little-endian DICOM files, for tests of the reader. */
interface DicomElement {
  readonly tag: readonly [number, number];
  readonly vr: string;
  readonly value: Uint8Array;
}

function text(tag: readonly [number, number], vr: string, value: string): DicomElement {
  const padded = value.length % 2 === 0 ? value : `${value} `;
  return { tag, vr, value: new TextEncoder().encode(padded) };
}

function short(tag: readonly [number, number], value: number): DicomElement {
  return { tag, vr: 'US', value: new Uint8Array(Uint16Array.of(value).buffer) };
}

function long(tag: readonly [number, number], value: number): DicomElement {
  return { tag, vr: 'UL', value: new Uint8Array(Uint32Array.of(value).buffer) };
}

function double(tag: readonly [number, number], value: number): DicomElement {
  return { tag, vr: 'FD', value: new Uint8Array(Float64Array.of(value).buffer) };
}

function encode(elements: readonly DicomElement[]): Uint8Array {
  const parts: number[] = [];
  for (const { tag, vr, value } of elements) {
    const head = new DataView(new ArrayBuffer(12));
    head.setUint16(0, tag[0], true);
    head.setUint16(2, tag[1], true);
    head.setUint8(4, vr.charCodeAt(0));
    head.setUint8(5, vr.charCodeAt(1));
    const isLong = vr === 'OB' || vr === 'OW' || vr === 'SQ';
    if (isLong) head.setUint32(8, value.length, true);
    else head.setUint16(6, value.length, true);
    parts.push(...new Uint8Array(head.buffer, 0, isLong ? 12 : 8), ...value);
  }
  return Uint8Array.from(parts);
}

export interface RegionFixture {
  readonly box: readonly [left: number, top: number, right: number, bottom: number];
  readonly centimetres: readonly [perColumn: number, perRow: number];
}

export interface DicomFixture {
  readonly rows: number;
  readonly columns: number;
  readonly frames: number;
  readonly samples?: number;
  readonly photometric?: string;
  readonly planar?: number;
  readonly bits?: number;
  readonly transferSyntax?: string;
  readonly region?: RegionFixture;
  /** Frame time in ms as text; none when left out. */
  readonly frameTime?: string;
  readonly frameTimeVector?: string;
  readonly pixels: Uint8Array;
}

function regionItem({ box, centimetres }: RegionFixture): Uint8Array {
  const item = encode([
    short([0x18, 0x6012], 1),
    short([0x18, 0x6014], 1),
    long([0x18, 0x6018], box[0]),
    long([0x18, 0x601a], box[1]),
    long([0x18, 0x601c], box[2]),
    long([0x18, 0x601e], box[3]),
    short([0x18, 0x6024], 3),
    short([0x18, 0x6026], 3),
    double([0x18, 0x602c], centimetres[0]),
    double([0x18, 0x602e], centimetres[1]),
  ]);
  const head = new DataView(new ArrayBuffer(8));
  head.setUint16(0, 0xfffe, true);
  head.setUint16(2, 0xe000, true);
  head.setUint32(4, item.length, true);
  return Uint8Array.from([...new Uint8Array(head.buffer), ...item]);
}

export function dicomFixture(fixture: DicomFixture): Uint8Array {
  const { samples = 1, photometric = 'MONOCHROME2', planar = 0, bits = 8, region } = fixture;
  const meta = encode([text([2, 0x10], 'UI', fixture.transferSyntax ?? '1.2.840.10008.1.2.1')]);
  const body = encode([
    text([0x10, 0x10], 'PN', 'DOE^JANE'),
    ...(fixture.frameTime === undefined ? [] : [text([0x18, 0x1063], 'DS', fixture.frameTime)]),
    ...(fixture.frameTimeVector === undefined ? [] : [text([0x18, 0x1065], 'DS', fixture.frameTimeVector)]),
    ...(region === undefined ? [] : [{ tag: [0x18, 0x6011] as const, vr: 'SQ', value: regionItem(region) }]),
    short([0x28, 2], samples),
    text([0x28, 4], 'CS', photometric),
    short([0x28, 6], planar),
    text([0x28, 8], 'IS', String(fixture.frames)),
    short([0x28, 0x10], fixture.rows),
    short([0x28, 0x11], fixture.columns),
    short([0x28, 0x100], bits),
    short([0x28, 0x101], bits),
    { tag: [0x7fe0, 0x10], vr: bits === 16 ? 'OW' : 'OB', value: fixture.pixels },
  ]);
  const preamble = new Uint8Array(132);
  preamble.set(new TextEncoder().encode('DICM'), 128);
  const length = encode([long([2, 0], meta.length)]);
  return Uint8Array.from([...preamble, ...length, ...meta, ...body]);
}
