/**
 * What the markers of a JPEG or JPEG-LS stream say before anything is decoded: size, precision, and which colours it
 * holds.
 */

export interface JpegMarkers {
  /** 0xc0 baseline, 0xc1 extended, 0xc2 progressive, 0xc3 lossless, 0xf7 JPEG-LS. */
  readonly process: number;
  readonly precision: number;
  readonly rows: number;
  readonly columns: number;
  readonly componentIds: readonly number[];
  readonly hasJfif: boolean;
  /** Of Adobe's marker: 0 as stored (RGB), 1 YCbCr; undefined without the marker. */
  readonly adobeTransform: number | undefined;
  /** Byte ranges of the JFIF and Adobe segments. */
  readonly colourSegments: readonly (readonly [start: number, end: number])[];
}

const SOI = 0xd8;
const SOS = 0xda;
const APP0 = 0xe0;
const APP14 = 0xee;

function isFrameHeader(marker: number): boolean {
  const isSof = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
  return isSof || marker === 0xf7;
}

function hasText(stream: Uint8Array, position: number, text: string): boolean {
  return [...text].every((letter, i) => stream[position + i] === letter.charCodeAt(0));
}

/** A marker segment: its bytes from the marker (`start`) to `end`, what it holds from `body` on. */
interface Segment {
  readonly marker: number;
  readonly start: number;
  readonly body: number;
  readonly end: number;
}

/** The segments up to the first scan or the first that does not fit. @throws Error for bytes between segments */
function* segmentsOf(stream: Uint8Array): Generator<Segment> {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  let start = 2;
  while (start + 4 <= stream.length) {
    if (stream[start] !== 0xff) throw new Error('the stream has bytes between its segments');
    const marker = stream[start + 1]!;
    if (marker === 0xff) {
      start++;
      continue;
    }
    if (marker === SOS) return;
    const end = start + 2 + view.getUint16(start + 2);
    const body = start + 4;
    if (end > stream.length || end < body) return;
    yield { marker, start, body, end };
    start = end;
  }
}

type FrameHeader = Pick<JpegMarkers, 'process' | 'precision' | 'rows' | 'columns' | 'componentIds'>;

/** Undefined when the segment is too short for one. */
function frameHeaderOf(stream: Uint8Array, { marker, body, end }: Segment): FrameHeader | undefined {
  if (end < body + 6) return undefined;
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  const count = Math.min(stream[body + 5]!, Math.floor((end - body - 6) / 3));
  return {
    process: marker,
    precision: stream[body]!,
    rows: view.getUint16(body + 1),
    columns: view.getUint16(body + 3),
    componentIds: Array.from({ length: count }, (_, i) => stream[body + 6 + 3 * i]!),
  };
}

/** Reads the segments up to the first scan. @throws Error when the stream is no JPEG or has no frame header */
export function readJpegMarkers(stream: Uint8Array): JpegMarkers {
  if (stream[0] !== 0xff || stream[1] !== SOI) throw new Error('the stream does not start as a JPEG does');
  let hasJfif = false;
  let adobeTransform: number | undefined;
  const colourSegments: [number, number][] = [];
  for (const segment of segmentsOf(stream)) {
    const { marker, start, body, end } = segment;
    if (isFrameHeader(marker)) {
      const header = frameHeaderOf(stream, segment);
      if (!header) break;
      return { ...header, hasJfif, adobeTransform, colourSegments };
    }
    if (marker === APP0 && hasText(stream, body, 'JFIF')) {
      hasJfif = true;
      colourSegments.push([start, end]);
    }
    if (marker === APP14 && end >= body + 12 && hasText(stream, body, 'Adobe')) {
      adobeTransform = stream[body + 11]!;
      colourSegments.push([start, end]);
    }
  }
  throw new Error('the stream has no frame header');
}

/**
 * True when three components are RGB and not YCbCr. The stream's own word counts first, as decoders and pydicom have
 * it: letters as component ids, Adobe's marker, JFIF (which is YCbCr always); without any, the header's photometric
 * interpretation.
 */
export function isRgbStream(
  { componentIds, adobeTransform, hasJfif }: JpegMarkers,
  photometric: string,
): boolean {
  const letters = String.fromCharCode(...componentIds).toUpperCase();
  if (letters === 'RGB') return true;
  if (adobeTransform !== undefined) return adobeTransform === 0;
  return !hasJfif && photometric === 'RGB';
}

const ADOBE_WITHOUT_TRANSFORM = Uint8Array.of(
  ...[0xff, APP14, 0, 14],
  ...new TextEncoder().encode('Adobe'),
  ...[0, 100, 0, 0, 0, 0, 0],
);

/** The same stream saying, in the one way that every decoder understands, that its components are RGB. */
export function markedAsRgb(stream: Uint8Array, { colourSegments }: JpegMarkers): Uint8Array {
  const parts: Uint8Array[] = [stream.subarray(0, 2), ADOBE_WITHOUT_TRANSFORM];
  let from = 2;
  for (const [start, end] of colourSegments) {
    parts.push(stream.subarray(from, start));
    from = end;
  }
  parts.push(stream.subarray(from));
  return Buffer.concat(parts);
}
