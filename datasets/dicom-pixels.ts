/** Frames of a DICOM object as grey levels: uncompressed, or JPEG baseline through sharp. */
import dicomParser, { type DataSet, type Element } from 'dicom-parser';
import sharp from 'sharp';
import { DomainError } from '../ground/errors.ts';

export interface PixelLayout {
  readonly frames: number;
  readonly rows: number;
  readonly columns: number;
  readonly samples: number;
  readonly bitsAllocated: number;
  readonly bitsStored: number;
  readonly photometric: string;
  readonly isPlanar: boolean;
  readonly transferSyntax: string;
}

const UNCOMPRESSED = new Set(['1.2.840.10008.1.2', '1.2.840.10008.1.2.1']);
const JPEG_BASELINE = '1.2.840.10008.1.2.4.50';
const CONCURRENT_FRAMES = 4;

/** Luma of ITU-R BT.601, the Y that scanners and JPEG use. */
function luma(red: number, green: number, blue: number): number {
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}

function damaged(name: string, detail: string, cause?: unknown): DomainError {
  return new DomainError('DatasetInvalid', `${name}: ${detail} Export the recording again.`, {}, { cause });
}

/** Grey level of every pixel of an interleaved picture of one or three 8-bit samples, in [0, 1]. */
function greyOfSamples(bytes: Uint8Array, samples: number, target: Float32Array): void {
  if (samples === 1) {
    for (let i = 0; i < target.length; i++) target[i] = bytes[i]! / 255;
    return;
  }
  for (let i = 0; i < target.length; i++) {
    target[i] = luma(bytes[3 * i]!, bytes[3 * i + 1]!, bytes[3 * i + 2]!) / 255;
  }
}

function uncompressedFrame(bytes: Uint8Array, layout: PixelLayout, target: Float32Array): void {
  const { photometric, samples, isPlanar } = layout;
  const pixels = target.length;
  if (layout.bitsAllocated === 16) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const highest = 2 ** layout.bitsStored - 1;
    for (let i = 0; i < pixels; i++) target[i] = Math.min(1, view.getUint16(2 * i, true) / highest);
  } else if (photometric === 'YBR_FULL_422') {
    // Two pixels share their colour: Y1 Y2 Cb Cr.
    for (let i = 0; i < pixels; i++) target[i] = bytes[(i >> 1) * 4 + (i & 1)]! / 255;
  } else if (photometric === 'YBR_FULL') {
    for (let i = 0; i < pixels; i++) target[i] = bytes[isPlanar ? i : 3 * i]! / 255;
  } else if (samples === 3 && isPlanar) {
    for (let i = 0; i < pixels; i++)
      target[i] = luma(bytes[i]!, bytes[pixels + i]!, bytes[2 * pixels + i]!) / 255;
  } else {
    greyOfSamples(bytes, samples, target);
  }
}

function bytesPerFrame({ rows, columns, samples, bitsAllocated, photometric }: PixelLayout): number {
  const perPixel = photometric === 'YBR_FULL_422' ? 2 : samples * (bitsAllocated / 8);
  return rows * columns * perPixel;
}

/** The JPEG stream of one frame, whether or not the object has a usable table of frame offsets. */
function jpegFrame(header: DataSet, element: Element, layout: PixelLayout, frame: number): Uint8Array {
  const fragments = element.fragments?.length ?? 0;
  if (layout.frames === 1)
    return dicomParser.readEncapsulatedPixelDataFromFragments(header, element, 0, fragments);
  if (fragments === layout.frames) {
    return dicomParser.readEncapsulatedPixelDataFromFragments(header, element, frame);
  }
  const table =
    element.basicOffsetTable?.length === layout.frames
      ? element.basicOffsetTable
      : dicomParser.createJPEGBasicOffsetTable(header, element);
  return dicomParser.readEncapsulatedImageFrame(header, element, frame, table);
}

async function decodeJpeg(
  header: DataSet,
  element: Element,
  layout: PixelLayout,
  frame: number,
  name: string,
): Promise<{ data: Uint8Array; samples: number }> {
  const { rows, columns } = layout;
  const found = await (async () => {
    try {
      const stream = Buffer.from(jpegFrame(header, element, layout, frame));
      return await sharp(stream, { limitInputPixels: 4 * rows * columns, failOn: 'error' })
        .raw()
        .toBuffer({ resolveWithObject: true });
    } catch (cause) {
      throw damaged(
        name,
        `expected ${layout.frames} JPEG frames, found a damaged one at frame ${frame}.`,
        cause,
      );
    }
  })();
  const { width, height, channels } = found.info;
  if (width !== columns || height !== rows || (channels !== 1 && channels !== 3)) {
    throw damaged(
      name,
      `expected frames of ${rows} x ${columns} pixels, found ${height} x ${width} with ${channels} channels in frame ${frame}.`,
    );
  }
  return { data: found.data, samples: channels };
}

/** @throws FormatUnsupported for pixels that are neither grey, RGB nor YBR of 8 bits (grey: also 16) */
export function checkLayout(layout: PixelLayout, name: string): void {
  const { samples, bitsAllocated, photometric, transferSyntax } = layout;
  if (!UNCOMPRESSED.has(transferSyntax) && transferSyntax !== JPEG_BASELINE) {
    throw new DomainError(
      'FormatUnsupported',
      `${name}: expected uncompressed little-endian or JPEG baseline pixels, found transfer syntax ${transferSyntax}. ` +
        'Convert the file first, for example with gdcmconv --raw.',
    );
  }
  const isGrey =
    samples === 1 && photometric.startsWith('MONOCHROME') && (bitsAllocated === 8 || bitsAllocated === 16);
  const isColour =
    samples === 3 && bitsAllocated === 8 && ['RGB', 'YBR_FULL', 'YBR_FULL_422'].includes(photometric);
  if (!isGrey && !isColour) {
    throw new DomainError(
      'FormatUnsupported',
      `${name}: expected MONOCHROME1/2, RGB, YBR_FULL or YBR_FULL_422 pixels of 8 bits (grey: also 16), found ` +
        `${samples} samples of ${bitsAllocated} bits, ${photometric}. Convert the file to grey levels or RGB first.`,
    );
  }
}

/** All frames as grey levels in [0, 1], [frames, rows, columns]. @throws DatasetInvalid for damaged or missing pixels */
export async function decodePixels(
  header: DataSet,
  layout: PixelLayout,
  name: string,
): Promise<Float32Array> {
  const element = header.elements.x7fe00010;
  if (element === undefined) throw damaged(name, 'expected pixel data, found none.');
  const pixels = layout.rows * layout.columns;
  const grey = new Float32Array(layout.frames * pixels);
  const target = (frame: number) => grey.subarray(frame * pixels, (frame + 1) * pixels);
  if (layout.transferSyntax === JPEG_BASELINE) {
    if (!element.encapsulatedPixelData) throw damaged(name, 'expected JPEG frames, found plain pixel data.');
    for (let start = 0; start < layout.frames; start += CONCURRENT_FRAMES) {
      const count = Math.min(CONCURRENT_FRAMES, layout.frames - start);
      const decoded = await Promise.all(
        Array.from({ length: count }, (_, i) => decodeJpeg(header, element, layout, start + i, name)),
      );
      for (const [i, { data, samples }] of decoded.entries()) greyOfSamples(data, samples, target(start + i));
    }
  } else {
    const size = bytesPerFrame(layout);
    if (element.length < size * layout.frames) {
      throw damaged(name, `expected ${size * layout.frames} bytes of pixels, found ${element.length}.`);
    }
    for (let frame = 0; frame < layout.frames; frame++) {
      const start = element.dataOffset + frame * size;
      const bytes = header.byteArray.subarray(start, start + size);
      if (bytes.length < size)
        throw damaged(name, `expected ${layout.frames} frames, the file ends in frame ${frame}.`);
      uncompressedFrame(bytes, layout, target(frame));
    }
  }
  if (layout.photometric === 'MONOCHROME1') for (let i = 0; i < grey.length; i++) grey[i] = 1 - grey[i]!;
  return grey;
}
