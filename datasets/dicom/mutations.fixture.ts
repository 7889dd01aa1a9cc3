/** DICOM files of every encoding, to be changed at random. */
import { type DicomElement, type DicomFixture, dicomFixture, offsetsOf } from '../dicom.fixture.ts';
import {
  htj2k,
  jpeg,
  jpeg2000,
  jpegExtended,
  jpegLossless,
  jpegLs,
  type Picture,
  rle,
} from '../dicom-streams.fixture.ts';

const rows = 24;
const columns = 32;
const ROOT = '1.2.840.10008.1.2';

function picture(samples: 1 | 3, bits: number, frame: number): Picture {
  const values = Array.from({ length: rows * columns * samples }, (_, i) =>
    Math.round(((Math.sin(i / 5 + frame) + 1) / 2) * (2 ** bits - 1)),
  );
  return { rows, columns, samples, bits, values };
}

const extra: readonly DicomElement[] = [
  { tag: [0x40, 0x275], vr: 'SQ', value: [[{ tag: [0x40, 0x276], vr: 'SQ', value: [[]] }]] },
  { tag: [0x10, 0x20], vr: 'LO', value: '17' },
];

const common: DicomFixture = {
  ...{ rows, columns, frames: 2, frameTime: '40', extra },
  regions: [{ box: [0, 0, columns - 1, rows - 1], centimetres: [0.1, 0.1] }],
};

/** One file for each encoding, with its name. */
export async function filesOfEveryEncoding(): Promise<{ name: string; bytes: Uint8Array }[]> {
  const plain = (samples: 1 | 3) =>
    Uint8Array.from([0, 1].flatMap((frame) => picture(samples, 8, frame).values));
  const files: [string, Partial<DicomFixture>][] = [
    ['implicit', { transferSyntax: ROOT, pixels: plain(1) }],
    ['explicit', { transferSyntax: `${ROOT}.1`, pixels: plain(1), frameTimeVector: '0\\40' }],
    ['colour', { transferSyntax: `${ROOT}.1`, samples: 3, photometric: 'RGB', pixels: plain(3) }],
    ['big endian', { transferSyntax: `${ROOT}.2`, pixels: plain(1) }],
    ['deflated', { transferSyntax: `${ROOT}.1.99`, pixels: plain(1) }],
    ['without meta information', { without: 'meta', pixels: plain(1) }],
  ];
  const encoders: [string, string, (picture: Picture) => Uint8Array | Promise<Uint8Array>][] = [
    ['RLE', '.5', rle],
    ['JPEG', '.4.50', jpeg],
    ['JPEG lossless', '.4.70', jpegLossless],
    ['JPEG-LS', '.4.80', jpegLs],
    ['JPEG 2000', '.4.90', jpeg2000],
    ['HTJ2K', '.4.201', htj2k],
  ];
  for (const [name, end, encode] of encoders) {
    const fragments = await Promise.all([0, 1].map((frame) => encode(picture(1, 8, frame))));
    files.push([name, { transferSyntax: `${ROOT}${end}`, fragments, offsets: offsetsOf(fragments) }]);
  }
  const twelve = [0, 1].map((frame) => jpegExtended(picture(1, 12, frame)));
  files.push([
    'JPEG extended of 12 bits',
    {
      ...{ transferSyntax: `${ROOT}.4.51`, bits: 16, stored: 12 },
      ...{ fragments: twelve, offsets: offsetsOf(twelve) },
    },
  ]);
  return files.map(([name, changes]) => ({ name, bytes: dicomFixture({ ...common, ...changes }) }));
}
