/** A small file of every format that is read here, to be changed at random. */
import { deflateSync, gzipSync } from 'node:zlib';
import sharp from 'sharp';
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
