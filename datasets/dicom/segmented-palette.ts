/** Palettes in segments (PS3.3 section C.7.9.2): runs of entries, straight lines, and copies of segments before. */

export interface Segments {
  /** Opcodes, lengths and entries in order: bytes of an 8-bit palette, numbers of a 16-bit one. */
  readonly data: readonly number[];
  readonly bits: 8 | 16;
  /** Most entries, so that copies of copies end. */
  readonly entries: number;
}

interface Line {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

function appendLine(target: number[], { from, to, count }: Line, most: number): void {
  for (let i = 1; i <= count && target.length < most; i++) {
    target.push(Math.round(from + ((to - from) * i) / count));
  }
}

function lastOf(target: readonly number[]): number {
  const last = target.at(-1);
  if (last === undefined) throw new Error('a line starts the palette');
  return last;
}

/** Position in `data` that a copy refers to: a 32-bit offset, its lower word first. */
function copiedFrom({ data, bits }: Segments, at: number): number {
  if (bits === 16) return data[at + 1]! * 65_536 + data[at]!;
  return data[at]! + 256 * data[at + 1]! + 65_536 * data[at + 2]! + 16_777_216 * data[at + 3]!;
}

/** Appends up to `count` segments from `at`. A copy may not hold copies. */
function append(
  target: number[],
  segments: Segments,
  range: { at: number; count: number; isCopy: boolean },
): void {
  const { data, bits, entries } = segments;
  let { at } = range;
  for (let segment = 0; segment < range.count && at + 2 < data.length && target.length < entries; segment++) {
    const [opcode, length] = [data[at]!, data[at + 1]!];
    const body = at + 2;
    if (opcode === 0) {
      target.push(...data.slice(body, body + Math.min(length, entries - target.length)));
      at = body + length;
    } else if (opcode === 1) {
      appendLine(target, { from: lastOf(target), to: data[body]!, count: length }, entries);
      at = body + 1;
    } else if (opcode === 2 && !range.isCopy) {
      append(target, segments, { at: copiedFrom(segments, body), count: length, isCopy: true });
      at = body + (bits === 16 ? 2 : 4);
    } else {
      throw new Error('a segment of an unknown kind');
    }
  }
}

/** The entries of a segmented palette, at most as many as stated. @throws Error for segments that make no palette */
export function expandSegments(segments: Segments): number[] {
  const target: number[] = [];
  append(target, segments, { at: 0, count: Number.POSITIVE_INFINITY, isCopy: false });
  return target;
}
