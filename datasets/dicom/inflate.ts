/** Inflation of deflated DICOM with a bound, so that a few kilobytes cannot become gigabytes. */
import { Inflate } from 'fflate';

/** Compressed bytes that are inflated between two looks at the size. */
const PIECE = 8 * 1024;

/**
 * Inflates raw deflate data to at most `most` bytes, one piece beyond at the utmost.
 * @returns the bytes, and whether the stream went on after them
 * @throws Error for a broken stream
 */
export function inflateUpTo(deflated: Uint8Array, most: number): { bytes: Uint8Array; goesOn: boolean } {
  const parts: Uint8Array[] = [];
  let size = 0;
  const inflate = new Inflate((part) => {
    parts.push(part);
    size += part.length;
  });
  let position = 0;
  while (position < deflated.length && size < most) {
    const end = Math.min(position + PIECE, deflated.length);
    inflate.push(deflated.subarray(position, end), end === deflated.length);
    position = end;
  }
  const bytes = new Uint8Array(Math.min(size, most));
  let filled = 0;
  for (const part of parts) {
    const room = part.subarray(0, bytes.length - filled);
    bytes.set(room, filled);
    filled += room.length;
  }
  return { bytes, goesOn: position < deflated.length || size > most };
}
