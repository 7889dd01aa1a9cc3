/** JPEG 2000 and HTJ2K frames. */
import { decodeInThread } from './codec-threads.ts';
import { checkStreamSize, type FrameSamples } from './frame-samples.ts';
import { readCodestreamHeader } from './jpeg-2000-header.ts';
import type { PixelLayout } from './pixel-layout.ts';

/**
 * One frame of up to 16 bits; the colour transforms of JPEG 2000 come back as RGB. @throws Error for a damaged stream
 */
export async function decodeJpeg2000(stream: Uint8Array, layout: PixelLayout): Promise<FrameSamples> {
  checkStreamSize(layout, readCodestreamHeader(stream));
  const decoded = await decodeInThread({ codec: 'openjpeg', stream }, layout);
  return { ...decoded, isRgb: !layout.photometric.startsWith('YBR_FULL') };
}
