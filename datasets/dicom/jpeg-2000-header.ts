/**
 * Main header of a JPEG 2000 or HTJ2K codestream (ITU-T T.800 annex A), read before decoding: its size, and the numbers
 * by which a stream of a few bytes can make a decoder take gigabytes.
 */

const SOC_SIZ = 'ff4fff51';
const COD = 0xff52;
const SOT = 0xff90;
const MOST_TILES = 4096;
const MOST_LAYERS = 1024;
/** Least exponent of a precinct's side above the lowest resolution; encoders use 2^7 and more. */
const LEAST_PRECINCT = 4;

export interface CodestreamHeader {
  readonly rows: number;
  readonly columns: number;
  readonly samples: number;
}

function checkCodingStyle(view: DataView, body: number, end: number): void {
  const layers = view.getUint16(body + 2);
  if (layers > MOST_LAYERS) throw new Error(`the stream has ${layers} quality layers`);
  const hasPrecincts = (view.getUint8(body) & 1) === 1;
  if (!hasPrecincts) return;
  for (let position = body + 11; position < end; position++) {
    const exponents = view.getUint8(position);
    if ((exponents & 15) < LEAST_PRECINCT || exponents >> 4 < LEAST_PRECINCT) {
      throw new Error('the stream is cut into more precincts than any recording is');
    }
  }
}

function sizeOf(view: DataView, siz: number): CodestreamHeader {
  const u32 = (offset: number) => view.getUint32(siz + offset);
  // Positions from the segment's length: reference grid, image offset, tile size, tile offset, components.
  const [width, height, left, top, tileWidth, tileHeight] = [4, 8, 12, 16, 20, 24].map(u32) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const tiles = Math.ceil(width / tileWidth) * Math.ceil(height / tileHeight);
  if (!(tiles >= 1 && tiles <= MOST_TILES))
    throw new Error('the stream is cut into more tiles than any recording is');
  const samples = view.getUint16(siz + 36);
  for (let i = 0; i < Math.min(samples, 3); i++) {
    const precision = (view.getUint8(siz + 38 + 3 * i) & 127) + 1;
    const isSubsampled = view.getUint8(siz + 39 + 3 * i) !== 1 || view.getUint8(siz + 40 + 3 * i) !== 1;
    if (precision > 16 || isSubsampled)
      throw new Error('the stream has more than 16 bits, or colours at a lower resolution');
  }
  return { rows: height - top, columns: width - left, samples };
}

/** @throws Error when the stream has no readable main header, or one that no recording has */
export function readCodestreamHeader(stream: Uint8Array): CodestreamHeader {
  const bytes = Buffer.from(stream.buffer, stream.byteOffset, stream.byteLength);
  // In the file format JP2 the codestream lies in a box.
  const start = bytes.indexOf(SOC_SIZ, 0, 'hex');
  if (start < 0) throw new Error('the stream does not start as JPEG 2000 does');
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  let header: CodestreamHeader | undefined;
  for (let position = start + 2; position + 4 <= stream.length; ) {
    const marker = view.getUint16(position);
    const end = position + 2 + view.getUint16(position + 2);
    if (marker === SOT || end > stream.length) break;
    if (position === start + 2) header = sizeOf(view, position + 2);
    if (marker === COD) checkCodingStyle(view, position + 4, end);
    position = end;
  }
  if (header === undefined) throw new Error('the stream has no header');
  return header;
}
