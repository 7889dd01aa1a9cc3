/**
 * The compressed stream of each frame in encapsulated pixel data (PS3.5 annex A.4): a frame may be cut into fragments,
 * and the table of offsets may be absent, empty or wrong.
 */
import type { DataSet, Element } from 'dicom-parser';
import { bytesOf, tags } from './header-values.ts';
import type { PixelLayout } from './pixel-layout.ts';
import { damaged } from './problems.ts';

interface Piece {
  /** Offset of the fragment's item from the end of the basic offset table. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** First bytes of a stream: JPEG and JPEG-LS, JPEG 2000, JPEG 2000 in its file format. */
const STARTS = [
  [0xff, 0xd8, 0xff],
  [0xff, 0x4f, 0xff, 0x51],
  [0, 0, 0, 12, 0x6a, 0x50],
];

function startsStream({ bytes }: Piece): boolean {
  return STARTS.some((start) => start.every((byte, i) => bytes[i] === byte));
}

function extendedOffsets(header: DataSet): number[] {
  const element = header.elements[tags.extendedOffsetTable];
  if (element === undefined) return [];
  const bytes = bytesOf(header, element);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.length / 8) }, (_, i) =>
    Number(view.getBigUint64(8 * i, true)),
  );
}

/** Fragments at which frames start, by a table of offsets; undefined when the table does not fit the fragments. */
function startsByTable(
  pieces: readonly Piece[],
  table: readonly number[],
  frames: number,
): number[] | undefined {
  if (table.length !== frames) return undefined;
  const index = new Map(pieces.map(({ offset }, i) => [offset, i]));
  const starts = table.map((offset) => index.get(offset) ?? -1);
  const isRising = starts[0] === 0 && starts.every((start, i) => i === 0 || start > starts[i - 1]!);
  return isRising ? starts : undefined;
}

function joined(pieces: readonly Piece[]): Uint8Array {
  if (pieces.length === 1) return pieces[0]!.bytes;
  const whole = new Uint8Array(pieces.reduce((sum, { bytes }) => sum + bytes.length, 0));
  let filled = 0;
  for (const { bytes } of pieces) {
    whole.set(bytes, filled);
    filled += bytes.length;
  }
  return whole;
}

/** All fragments as one stream, as MPEG has it. */
export function wholeStream(header: DataSet, element: Element): Uint8Array {
  return joined(piecesOf(header, element));
}

function piecesOf(header: DataSet, element: Element): Piece[] {
  const { byteArray } = header;
  return (element.fragments ?? []).map(({ offset, position, length }) => ({
    offset,
    bytes: byteArray.subarray(position, Math.min(position + length, byteArray.length)),
  }));
}

/**
 * The stream of every frame, in order; one that lies in one fragment shares the file's memory.
 * @throws DatasetInvalid when the fragments cannot be told apart into the frames that the header states
 */
export function encapsulatedFrames(
  header: DataSet,
  element: Element,
  { frames }: PixelLayout,
  name: string,
): Uint8Array[] {
  const pieces = piecesOf(header, element);
  if (pieces.length > 0 && frames === 1) return [joined(pieces)];
  const starts =
    startsByTable(pieces, extendedOffsets(header), frames) ??
    (pieces.length === frames ? pieces.map((_, i) => i) : undefined) ??
    startsByTable(pieces, element.basicOffsetTable ?? [], frames) ??
    pieces.flatMap((piece, i) => (startsStream(piece) ? [i] : []));
  if (starts.length !== frames || starts[0] !== 0) {
    throw damaged(
      name,
      `expected ${frames} compressed frames, found ${starts.length} in ${pieces.length} fragments.`,
    );
  }
  return starts.map((start, frame) => joined(pieces.slice(start, starts[frame + 1])));
}
