/** Ways in which a bad copy or a hostile hand may change a file. */
import type { RandomStream } from '../ground/random.ts';

/** Bytes that lengths and counts break at. */
const EDGES = [0, 1, 0x7f, 0x80, 0xfe, 0xff];

/**
 * One to four changes: bytes, cuts, and pieces that are lost, doubled or put elsewhere. The first `headerBytes`, where
 * most harm lies, get half of them.
 */
export function mutated(original: Uint8Array, random: RandomStream, headerBytes: number): Uint8Array {
  let bytes = Uint8Array.from(original);
  const changes = 1 + random.integer(4);
  for (let change = 0; change < changes && bytes.length > 1; change++) {
    const reach = random.integer(2) === 0 ? Math.min(bytes.length, headerBytes) : bytes.length;
    const at = random.integer(reach);
    const length = 1 + random.integer(Math.min(64, bytes.length - at));
    const kind = random.integer(6);
    if (kind === 0) bytes[at] = random.integer(256);
    else if (kind === 1) bytes[at] = EDGES[random.integer(EDGES.length)]!;
    else if (kind === 2) bytes.fill(EDGES[random.integer(EDGES.length)]!, at, at + (length % 9));
    else if (kind === 3) bytes = bytes.slice(0, at + 1);
    else if (kind === 4) bytes = Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + length)]);
    else bytes = Uint8Array.from([...bytes.subarray(0, at + length), ...bytes.subarray(at)]);
  }
  return bytes;
}
