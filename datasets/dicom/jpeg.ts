/** JPEG baseline and extended through sharp, told what colours the stream holds; JPEG lossless through its own decoder. */
import { Decoder as LosslessDecoder } from 'jpeg-lossless-decoder-js';
import sharp from 'sharp';
import { checkStreamSize, type FrameSamples } from './frame-samples.ts';
import { isRgbStream, type JpegMarkers, markedAsRgb, readJpegMarkers } from './jpeg-markers.ts';
import type { PixelLayout } from './pixel-layout.ts';

const LOSSLESS = 0xc3;
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

/** One frame of 8 bits; YCbCr comes back as RGB. @throws Error for a damaged or unsupported stream */
export async function decodeJpeg(stream: Uint8Array, layout: PixelLayout): Promise<FrameSamples> {
  const markers = checkedMarkers(stream, layout, [...LOSSY, LOSSLESS]);
  // Some writers name one JPEG process and use another.
  if (markers.process === LOSSLESS) return decodeJpegLossless(stream, layout);
  if (markers.precision !== 8) {
    throw new Error(`JPEG extended of ${markers.precision} bits is not decoded, only that of 8 bits`);
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

/** One frame of up to 16 bits. @throws Error for a damaged stream */
export function decodeJpegLossless(stream: Uint8Array, layout: PixelLayout): FrameSamples {
  const markers = checkedMarkers(stream, layout, [LOSSLESS]);
  const { precision, componentIds } = markers;
  // The decoder takes the end of the file for zeros.
  if (
    Buffer.from(stream.buffer, stream.byteOffset, stream.byteLength).lastIndexOf('ffd9', undefined, 'hex') < 0
  ) {
    throw new Error('the stream is cut short');
  }
  const samples = componentIds.length as 1 | 3;
  if (samples === 3 && precision > 8) throw new Error('colours of more than 8 bits are not decoded');
  const values = new LosslessDecoder().decode(
    stream.buffer as ArrayBuffer,
    stream.byteOffset,
    stream.byteLength,
    precision > 8 ? 2 : 1,
  );
  if (values === null || values.length !== layout.rows * layout.columns * samples) {
    throw new Error('the stream does not hold a whole picture');
  }
  return { values, samples, isPlanar: false, isRgb: isRgbStream(markers, layout.photometric) };
}
