/**
 * JPEG baseline and extended of 8 bits through sharp, told what colours the stream holds; extended of 12 bits, lossless
 * and JPEG-LS through their own decoders.
 */
import sharp from 'sharp';
import { decodeInThread } from './codec-threads.ts';
import { checkStreamSize, type FrameSamples } from './frame-samples.ts';
import { isRgbStream, type JpegMarkers, markedAsRgb, readJpegMarkers } from './jpeg-markers.ts';
import type { PixelLayout } from './pixel-layout.ts';
import { UnsupportedStream } from './problems.ts';

const LOSSLESS = 0xc3;
const JPEG_LS = 0xf7;
/** Baseline, extended, progressive. */
const LOSSY = [0xc0, 0xc1, 0xc2];

function checkedMarkers(stream: Uint8Array, layout: PixelLayout, processes: readonly number[]): JpegMarkers {
  const markers = readJpegMarkers(stream);
  if (!processes.includes(markers.process)) {
    throw new Error(
      `the stream has JPEG process 0x${markers.process.toString(16)}, not the one that the header names`,
    );
  }
  checkStreamSize(layout, { ...markers, samples: markers.componentIds.length });
  return markers;
}

/**
 * One frame of 8 bits, or grey of 12; YCbCr comes back as RGB. @throws Error for a damaged or unsupported stream
 */
export async function decodeJpeg(stream: Uint8Array, layout: PixelLayout): Promise<FrameSamples> {
  const markers = checkedMarkers(stream, layout, [...LOSSY, LOSSLESS]);
  // Some writers name one JPEG process and use another.
  if (markers.process === LOSSLESS) return decodeJpegLossless(stream, layout);
  if (markers.precision === 12) return decodeExtended(stream, layout, markers);
  if (markers.precision !== 8) {
    throw new UnsupportedStream(`JPEG of ${markers.precision} bits that loses some`);
  }
  const isRgb = markers.componentIds.length === 3 && isRgbStream(markers, layout.photometric);
  const { data, info } = await sharp(isRgb ? markedAsRgb(stream, markers) : stream, {
    limitInputPixels: layout.rows * layout.columns,
    failOn: 'error',
  })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const found = { rows: info.height, columns: info.width, samples: info.channels as number };
  checkStreamSize(layout, found);
  return { values: data, samples: found.samples, isPlanar: false, isRgb: true };
}

/** Decoders take the end of the file for zeros or grey. @throws Error for a stream without its last marker */
function checkEnd(stream: Uint8Array): void {
  const bytes = Buffer.from(stream.buffer, stream.byteOffset, stream.byteLength);
  if (bytes.lastIndexOf('ffd9', undefined, 'hex') < 0) throw new Error('the stream is cut short');
}

async function decodeExtended(
  stream: Uint8Array,
  layout: PixelLayout,
  { componentIds, precision }: JpegMarkers,
): Promise<FrameSamples> {
  if (componentIds.length !== 1) throw new UnsupportedStream(`colours of ${precision} bits`);
  checkEnd(stream);
  const decoded = await decodeInThread({ codec: 'extended', stream, precision }, layout);
  return { ...decoded, isRgb: false };
}

/** One frame of up to 16 bits. @throws Error for a damaged stream */
export async function decodeJpegLossless(stream: Uint8Array, layout: PixelLayout): Promise<FrameSamples> {
  const markers = checkedMarkers(stream, layout, [LOSSLESS]);
  if (markers.componentIds.length === 3 && markers.precision > 8) {
    throw new UnsupportedStream(`colours of ${markers.precision} bits`);
  }
  checkEnd(stream);
  const decoded = await decodeInThread({ codec: 'lossless', stream, precision: markers.precision }, layout);
  return { ...decoded, isRgb: isRgbStream(markers, layout.photometric) };
}

/** One frame of up to 16 bits. @throws Error for a damaged stream */
export async function decodeJpegLs(stream: Uint8Array, layout: PixelLayout): Promise<FrameSamples> {
  const markers = checkedMarkers(stream, layout, [JPEG_LS]);
  const decoded = await decodeInThread({ codec: 'charls', stream }, layout);
  return { ...decoded, isRgb: isRgbStream(markers, layout.photometric) };
}
