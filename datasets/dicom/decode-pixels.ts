/**
 * All frames of a DICOM object as numbers, one a pixel: each transfer syntax has its decoder, what comes after is the
 * same for all.
 */
import type { DataSet, Element } from 'dicom-parser';
import { counted } from '../../ground/counted.ts';
import { encapsulatedFrames, wholeStream } from './encapsulated-frames.ts';
import { type DicomFilmReader, dicomFilmContainer, type FilmCodec } from './film.ts';
import type { FrameSamples } from './frame-samples.ts';
import { areBytes, type GreyMeaning, type GreyValues, writeGrey } from './grey-values.ts';
import type { DicomHeader } from './header.ts';
import { bytesOf, numberOf, tags } from './header-values.ts';
import { decodeJpeg, decodeJpegLossless, decodeJpegLs } from './jpeg.ts';
import { decodeJpeg2000 } from './jpeg-2000.ts';
import { readPalette } from './palette.ts';
import { type PixelLayout, plainBytes, plainFrameBytes } from './pixel-layout.ts';
import { readPlainFrame, withSwappedBytes } from './plain-frame.ts';
import { damaged, UnsupportedStream, unsupported } from './problems.ts';
import { decodeRle } from './rle.ts';
import type { PixelEncoding } from './transfer-syntaxes.ts';

/** Decoders work in threads of their own. */
const CONCURRENT_FRAMES = 4;

type FrameDecoder = (stream: Uint8Array, layout: PixelLayout) => FrameSamples | Promise<FrameSamples>;

/** An uncompressed frame in a fragment of its own. */
function decodePlain(stream: Uint8Array, stated: PixelLayout): FrameSamples {
  const layout = storedLayout({ ...stated, frames: 1 }, stream.length);
  const size = plainFrameBytes(layout);
  if (stream.length < size) throw new Error(`expected ${size} bytes, found ${stream.length}`);
  return readPlainFrame(stream.subarray(0, size), layout);
}

const frameDecoders: Record<Exclude<PixelEncoding, FilmCodec>, FrameDecoder> = {
  plain: decodePlain,
  rle: decodeRle,
  jpeg: decodeJpeg,
  'jpeg-lossless': decodeJpegLossless,
  'jpeg-ls': decodeJpegLs,
  'jpeg-2000': decodeJpeg2000,
};

interface PixelSource {
  readonly header: DicomHeader;
  readonly element: Element;
  readonly meaning: GreyMeaning;
  readonly name: string;
}

function meaningOf(
  dataSet: DataSet,
  layout: PixelLayout,
  encoding: PixelEncoding,
  name: string,
): GreyMeaning {
  const slope = numberOf(dataSet, tags.rescaleSlope) ?? 1;
  return {
    layout,
    isPlain: encoding === 'plain' || encoding === 'rle',
    palette: layout.photometric === 'PALETTE COLOR' ? readPalette(dataSet, layout.isSigned, name) : undefined,
    slope: slope === 0 ? 1 : slope,
    intercept: numberOf(dataSet, tags.rescaleIntercept) ?? 0,
  };
}

function allocate({ meaning }: PixelSource): GreyValues {
  const { frames, rows, columns } = meaning.layout;
  const count = frames * rows * columns;
  return areBytes(meaning) ? new Uint8Array(count) : new Float32Array(count);
}

async function decodeFrames(source: PixelSource, decode: FrameDecoder): Promise<GreyValues> {
  const { header, element, meaning, name } = source;
  const { frames, rows, columns } = meaning.layout;
  const pixels = rows * columns;
  const streams = encapsulatedFrames(header.dataSet, element, meaning.layout, name);
  const grey = allocate(source);
  const decodeInto = async (frame: number) => {
    try {
      const samples = await decode(streams[frame]!, meaning.layout);
      writeGrey(samples, meaning, grey.subarray(frame * pixels, (frame + 1) * pixels));
    } catch (cause) {
      if (cause instanceof UnsupportedStream) {
        throw unsupported(
          name,
          `expected pixels that can be decoded here, found ${cause.message}. Convert the file first, for example with gdcmconv --raw.`,
        );
      }
      const why = cause instanceof Error ? ` (${cause.message.split('\n')[0]})` : '';
      const { title } = header.transferSyntax;
      throw damaged(
        name,
        `expected ${counted(frames, 'frame')} of ${title}, found a damaged one at frame ${frame}${why}.`,
        cause,
      );
    }
  };
  for (let start = 0; start < frames; start += CONCURRENT_FRAMES) {
    const count = Math.min(CONCURRENT_FRAMES, frames - start);
    await Promise.all(Array.from({ length: count }, (_, i) => decodeInto(start + i)));
  }
  return grey;
}

/**
 * Decompressing programs leave the name YBR_FULL_422 in the header of pixels that have their colours each: as many
 * bytes as that needs are no chance.
 */
function storedLayout(layout: PixelLayout, bytes: number): PixelLayout {
  const whole: PixelLayout = { ...layout, photometric: 'YBR_FULL' };
  return layout.photometric === 'YBR_FULL_422' && bytes >= plainBytes(whole) ? whole : layout;
}

function readPlain(source: PixelSource): GreyValues {
  const { header, element, meaning, name } = source;
  const stored = bytesOf(header.dataSet, element);
  const layout = storedLayout(meaning.layout, stored.length);
  const pixels = layout.rows * layout.columns;
  const size = plainFrameBytes(layout);
  if (stored.length < size * layout.frames) {
    throw damaged(name, `expected ${size * layout.frames} bytes of pixels, found ${stored.length}.`);
  }
  const hasPairs = layout.bitsAllocated === 16 || element.vr === 'OW';
  const bytes = header.transferSyntax.isBigEndian && hasPairs ? withSwappedBytes(stored) : stored;
  const grey = allocate(source);
  for (let frame = 0; frame < layout.frames; frame++) {
    const samples = readPlainFrame(bytes.subarray(frame * size, (frame + 1) * size), layout);
    writeGrey(samples, meaning, grey.subarray(frame * pixels, (frame + 1) * pixels));
  }
  return grey;
}

async function decodeFilm(
  source: PixelSource,
  codec: FilmCodec,
  films: DicomFilmReader | undefined,
): Promise<Uint8Array> {
  const { header, element, meaning, name } = source;
  const { frames, rows, columns } = meaning.layout;
  const { title } = header.transferSyntax;
  if (films === undefined) {
    throw unsupported(
      name,
      `expected pixels that can be decoded here, found a film (${title}), for which ffmpeg is needed and was not found. ` +
        'Install ffmpeg, or export the recording uncompressed or as JPEG.',
    );
  }
  const stream = wholeStream(header.dataSet, element);
  // No more is decoded than the header states, and nothing of another size.
  let found = 'that ffmpeg cannot decode to that';
  const mostFrames = (height: number, width: number) => {
    if (height === rows && width === columns) return frames;
    found = `of ${height} x ${width}`;
    return 0;
  };
  const container = dicomFilmContainer(stream, codec);
  const film = await films.decode(stream, container, mostFrames).catch((cause: unknown) => {
    throw damaged(
      name,
      `expected a film (${title}) of ${counted(frames, 'frame')} of ${rows} x ${columns}, found one ${found}.`,
      cause,
    );
  });
  const frameCount = film.grey.length / (film.rows * film.columns);
  if (film.rows !== rows || film.columns !== columns || frameCount !== frames) {
    throw damaged(
      name,
      `expected a film of ${counted(frames, 'frame')} of ${rows} x ${columns}, found ${frameCount} of ${film.rows} x ${film.columns}.`,
    );
  }
  return film.grey;
}

/**
 * The numbers of all pixels, [frames, rows, columns], and whether they are bytes from black 0 to white 255.
 * @param films decoder of MPEG streams, where there is one
 * @throws DatasetInvalid for damaged or missing pixels; FormatUnsupported for a film without its decoder
 */
export async function decodePixels(
  header: DicomHeader,
  layout: PixelLayout,
  name: string,
  films: DicomFilmReader | undefined,
): Promise<{ values: GreyValues; areBytes: boolean }> {
  const { dataSet, transferSyntax } = header;
  const { encoding } = transferSyntax;
  const element = dataSet.elements[tags.pixelData];
  if (element === undefined) throw damaged(name, 'expected pixel data, found none.');
  const meaning = meaningOf(dataSet, layout, encoding, name);
  const source = { header, element, meaning, name };
  if (encoding === 'mpeg-2' || encoding === 'h264' || encoding === 'hevc') {
    return { values: await decodeFilm(source, encoding, films), areBytes: true };
  }
  if (element.encapsulatedPixelData) {
    return { values: await decodeFrames(source, frameDecoders[encoding]), areBytes: areBytes(meaning) };
  }
  if (encoding !== 'plain') {
    throw damaged(name, `expected frames of ${transferSyntax.title}, found plain pixel data.`);
  }
  return { values: readPlain(source), areBytes: areBytes(meaning) };
}
