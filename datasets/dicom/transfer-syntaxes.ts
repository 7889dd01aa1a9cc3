/**
 * The encodings of pixel data that DICOM files come in (PS3.5 section 10 and annex A), and which of them are decoded
 * how.
 */

export type PixelEncoding =
  | 'plain'
  | 'rle'
  | 'jpeg'
  | 'jpeg-lossless'
  | 'jpeg-ls'
  | 'jpeg-2000'
  | 'mpeg-2'
  | 'h264'
  | 'hevc';

export interface TransferSyntax {
  /** As messages call it. */
  readonly title: string;
  readonly encoding: PixelEncoding;
  readonly isExplicit?: false;
  readonly isBigEndian?: true;
  readonly isDeflated?: true;
}

const ROOT = '1.2.840.10008.1.2';

export const IMPLICIT_LITTLE_ENDIAN = ROOT;
export const EXPLICIT_LITTLE_ENDIAN = `${ROOT}.1`;
export const EXPLICIT_BIG_ENDIAN = `${ROOT}.2`;

const table = new Map<string, TransferSyntax>([
  [ROOT, { title: 'implicit little endian', encoding: 'plain', isExplicit: false }],
  [`${ROOT}.1`, { title: 'explicit little endian', encoding: 'plain' }],
  [`${ROOT}.1.98`, { title: 'encapsulated uncompressed', encoding: 'plain' }],
  [`${ROOT}.1.99`, { title: 'deflated', encoding: 'plain', isDeflated: true }],
  [`${ROOT}.2`, { title: 'explicit big endian', encoding: 'plain', isBigEndian: true }],
  [`${ROOT}.5`, { title: 'RLE', encoding: 'rle' }],
  [`${ROOT}.4.50`, { title: 'JPEG baseline', encoding: 'jpeg' }],
  [`${ROOT}.4.51`, { title: 'JPEG extended', encoding: 'jpeg' }],
  [`${ROOT}.4.57`, { title: 'JPEG lossless', encoding: 'jpeg-lossless' }],
  [`${ROOT}.4.70`, { title: 'JPEG lossless', encoding: 'jpeg-lossless' }],
  [`${ROOT}.4.80`, { title: 'JPEG-LS', encoding: 'jpeg-ls' }],
  [`${ROOT}.4.81`, { title: 'JPEG-LS near-lossless', encoding: 'jpeg-ls' }],
  [`${ROOT}.4.90`, { title: 'JPEG 2000 lossless', encoding: 'jpeg-2000' }],
  [`${ROOT}.4.91`, { title: 'JPEG 2000', encoding: 'jpeg-2000' }],
  [`${ROOT}.4.201`, { title: 'HTJ2K lossless', encoding: 'jpeg-2000' }],
  [`${ROOT}.4.202`, { title: 'HTJ2K lossless', encoding: 'jpeg-2000' }],
  [`${ROOT}.4.203`, { title: 'HTJ2K', encoding: 'jpeg-2000' }],
  ...['100', '100.1', '101', '101.1'].map((end): [string, TransferSyntax] => [
    `${ROOT}.4.${end}`,
    { title: 'MPEG-2', encoding: 'mpeg-2' },
  ]),
  ...['102', '102.1', '103', '103.1', '104', '104.1', '105', '105.1', '106', '106.1'].map(
    (end): [string, TransferSyntax] => [`${ROOT}.4.${end}`, { title: 'MPEG-4 (H.264)', encoding: 'h264' }],
  ),
  ...['107', '108'].map((end): [string, TransferSyntax] => [
    `${ROOT}.4.${end}`,
    { title: 'HEVC (H.265)', encoding: 'hevc' },
  ]),
]);

/** Undefined for a transfer syntax that is not decoded, such as JPIP or the retired JPEG processes. */
export function transferSyntaxOf(uid: string): TransferSyntax | undefined {
  return table.get(uid);
}

/** All that `transferSyntaxOf` knows, by name, for messages. */
export const transferSyntaxTitles: readonly string[] = [
  ...new Set([...table.values()].map(({ title }) => title)),
];
