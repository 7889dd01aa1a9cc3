/** What a header says about its pixels (PS3.3 section C.7.6.3), checked before memory is taken. */
import type { DataSet } from 'dicom-parser';
import { counted } from '../../ground/counted.ts';
import { checkGrid } from '../limits.ts';
import { numberOf, tags, textOf, uint16Of } from './header-values.ts';
import { damaged, shownCode, unsupported } from './problems.ts';

export interface PixelLayout {
  readonly frames: number;
  readonly rows: number;
  readonly columns: number;
  /** Samples of a pixel: 1 grey or palette, 3 colour. */
  readonly samples: 1 | 3;
  readonly bitsAllocated: 8 | 16;
  readonly bitsStored: number;
  readonly highBit: number;
  readonly isSigned: boolean;
  readonly photometric: Photometric;
  /** True when each colour has a plane of its own. */
  readonly isPlanar: boolean;
}

const photometrics = {
  MONOCHROME1: 1,
  MONOCHROME2: 1,
  'PALETTE COLOR': 1,
  RGB: 3,
  YBR_FULL: 3,
  YBR_FULL_422: 3,
  YBR_RCT: 3,
  YBR_ICT: 3,
  /** Of MPEG streams, whose decoder gives grey levels. */
  YBR_PARTIAL_420: 3,
} as const;

type Photometric = keyof typeof photometrics;

function isPhotometric(text: string): text is Photometric {
  return Object.hasOwn(photometrics, text);
}

/**
 * The layout of the pixels.
 * @throws FormatUnsupported for pixels that are not grey, palette or three colours of 8 or 16 bits; DatasetInvalid,
 * LimitExceeded for sizes that cannot be
 */
export function pixelLayoutOf(header: DataSet, name: string): PixelLayout {
  const frames = numberOf(header, tags.numberOfFrames) ?? 1;
  const rows = uint16Of(header, tags.rows) ?? 0;
  const columns = uint16Of(header, tags.columns) ?? 0;
  checkGrid(frames, rows, columns, name);
  const samples = uint16Of(header, tags.samplesPerPixel) ?? 1;
  const bitsAllocated = uint16Of(header, tags.bitsAllocated) ?? 8;
  const photometric = textOf(header, tags.photometricInterpretation);
  if (
    !isPhotometric(photometric) ||
    photometrics[photometric] !== samples ||
    (bitsAllocated !== 8 && bitsAllocated !== 16)
  ) {
    throw unsupported(
      name,
      `expected grey, palette, RGB or YBR pixels of 8 or 16 bits, found ${counted(samples, 'sample')} of ${counted(bitsAllocated, 'bit')}, ` +
        `${shownCode(photometric)}. Convert the file to grey levels or RGB first.`,
    );
  }
  const bitsStored = uint16Of(header, tags.bitsStored) ?? bitsAllocated;
  const highBit = uint16Of(header, tags.highBit) ?? bitsStored - 1;
  if (bitsStored < 1 || bitsStored > bitsAllocated || highBit < bitsStored - 1 || highBit >= bitsAllocated) {
    throw damaged(
      name,
      `expected at most ${bitsAllocated} bits stored in ${bitsAllocated}, found ${bitsStored} up to bit ${highBit}.`,
    );
  }
  return {
    frames,
    rows,
    columns,
    samples: photometrics[photometric],
    bitsAllocated,
    bitsStored,
    highBit,
    isSigned: uint16Of(header, tags.pixelRepresentation) === 1,
    photometric,
    isPlanar: uint16Of(header, tags.planarConfiguration) === 1,
  };
}

/** Bytes of one uncompressed frame. */
export function plainFrameBytes({ rows, columns, samples, bitsAllocated, photometric }: PixelLayout): number {
  // Two pixels share their colour in YBR_FULL_422.
  const perPixel = photometric === 'YBR_FULL_422' ? 2 : samples;
  return rows * columns * perPixel * (bitsAllocated / 8);
}

/** Bytes of all frames when uncompressed. */
export function plainBytes(layout: PixelLayout): number {
  return layout.frames * plainFrameBytes(layout);
}
