/** Files of every format that is read here, and ways in which a copy or a hostile hand may change them. */
import { deflateSync, gzipSync } from 'node:zlib';
import sharp from 'sharp';
import type { RandomStream } from '../ground/random.ts';
import { metaImageFixture } from './metaimage.fixture.ts';
import { niftiFixture } from './nifti.fixture.ts';
import { writeGreyNifti } from './nifti.ts';
import { plainLayout } from './nifti-layout.ts';

const rows = 12;
const columns = 16;
const frames = 3;
const values = Array.from({ length: frames * rows * columns }, (_, i) =>
  Math.round(((Math.sin(i / 7) + 1) / 2) * 255),
);

/** One small file for each format and way of storing numbers, with its name. */
export async function filesOfEveryFormat(): Promise<{ name: string; bytes: Uint8Array }[]> {
  const geometry = { frames, rows, columns, spacingMm: [0.5, 0.4] as const, frameTimeMs: 40 };
  const video = { ...geometry, intensities: Float32Array.from(values, (value) => value / 255) };
  const plain = { dims: [columns, rows, frames], pixdim: [0.4, 0.5, 0.04] };
  const meta = { dims: plain.dims, spacing: plain.pixdim };
  const bytes = Uint8Array.from(values);
  const picture = sharp(bytes.subarray(0, rows * columns), {
    raw: { width: columns, height: rows, channels: 1 },
  });
  const pages = sharp(Buffer.from(values.flatMap((value) => [value, value, value])), {
    raw: { width: columns, height: rows * frames, channels: 3, pageHeight: rows },
  });
  return [
    { name: 'NIfTI', bytes: niftiFixture({ ...plain, values }) },
    { name: 'NIfTI, big endian', bytes: niftiFixture({ ...plain, datatype: 4, bigEndian: true, values }) },
    { name: 'NIfTI, reals', bytes: niftiFixture({ ...plain, datatype: 16, slope: 0.3, values }) },
    { name: 'NIfTI, whole numbers', bytes: niftiFixture({ ...plain, datatype: 8, values }) },
    { name: 'NIfTI, packed', bytes: gzipSync(niftiFixture({ ...plain, values })) },
    { name: 'NIfTI-2', bytes: writeGreyNifti(video, 'uint16', { ...plainLayout(video), version: 2 }) },
    { name: 'MetaImage', bytes: metaImageFixture({ ...meta, pixels: bytes }) },
    {
      name: 'MetaImage, packed',
      bytes: metaImageFixture({
        ...meta,
        more: { CompressedData: 'True' },
        pixels: new Uint8Array(deflateSync(bytes)),
      }),
    },
    { name: 'PNG', bytes: await picture.clone().png().toBuffer() },
    { name: 'JPEG', bytes: await picture.clone().jpeg().toBuffer() },
    { name: 'TIFF', bytes: await picture.clone().tiff().toBuffer() },
    { name: 'GIF', bytes: await pages.gif({ delay: [40, 40, 40] }).toBuffer() },
  ];
}

/** Bytes that lengths and counts break at. */
const EDGES = [0, 1, 0x7f, 0x80, 0xfe, 0xff];

/** One to four changes: bytes, cuts, and pieces that are lost, doubled or put elsewhere. */
export function mutated(original: Uint8Array, random: RandomStream): Uint8Array {
  let bytes = Uint8Array.from(original);
  const changes = 1 + random.integer(4);
  for (let change = 0; change < changes && bytes.length > 1; change++) {
    // Headers, where most harm lies, get half of them.
    const reach = random.integer(2) === 0 ? Math.min(bytes.length, 360) : bytes.length;
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
