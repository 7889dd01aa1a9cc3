/** RLE as DICOM has it (PS3.5 annex G): each byte of each sample is a segment of its own, packed in runs. */
import type { FrameSamples } from './frame-samples.ts';
import type { PixelLayout } from './pixel-layout.ts';

const HEADER = 64;

/** Unpacks one segment into `target`. @throws Error when the segment gives fewer bytes than the target holds */
function unpack(packed: Uint8Array, target: Uint8Array): void {
  let from = 0;
  let to = 0;
  while (from < packed.length && to < target.length) {
    const code = packed[from++]!;
    if (code < 128) {
      const count = Math.min(code + 1, packed.length - from, target.length - to);
      target.set(packed.subarray(from, from + count), to);
      from += code + 1;
      to += count;
    } else if (code > 128 && from < packed.length) {
      const end = Math.min(to + 257 - code, target.length);
      target.fill(packed[from++]!, to, end);
      to = end;
    }
  }
  if (to < target.length)
    throw new Error(`the run-length segment ends after ${to} of ${target.length} bytes`);
}

/** One frame, planar. @throws Error for segments that do not fit the layout */
export function decodeRle(stream: Uint8Array, layout: PixelLayout): FrameSamples {
  const { rows, columns, samples, bitsAllocated } = layout;
  const bytesPerSample = bitsAllocated / 8;
  const expected = samples * bytesPerSample;
  if (stream.length < HEADER) throw new Error('the run-length header is cut short');
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  const segments = view.getUint32(0, true);
  if (segments !== expected) throw new Error(`expected ${expected} run-length segments, found ${segments}`);
  const pixels = rows * columns;
  const values = bytesPerSample === 1 ? new Uint8Array(pixels * samples) : new Uint16Array(pixels * samples);
  const plane = new Uint8Array(pixels);
  for (let segment = 0; segment < segments; segment++) {
    const start = view.getUint32(4 + 4 * segment, true);
    const end = segment + 1 < segments ? view.getUint32(8 + 4 * segment, true) : stream.length;
    if (start < HEADER || end < start) throw new Error('the run-length segments are out of order');
    unpack(stream.subarray(start, end), plane);
    const target = values.subarray(Math.floor(segment / bytesPerSample) * pixels);
    if (bytesPerSample === 1) {
      target.set(plane);
      continue;
    }
    // The more significant byte comes first.
    const shift = segment % 2 === 0 ? 8 : 0;
    for (let i = 0; i < pixels; i++) target[i]! |= plane[i]! << shift;
  }
  return { values, samples, isPlanar: true, isRgb: layout.photometric === 'RGB' };
}
