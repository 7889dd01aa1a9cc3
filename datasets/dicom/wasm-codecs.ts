/**
 * JPEG-LS (CharLS), JPEG 2000 and HTJ2K (OpenJPEG) by the WebAssembly builds of the cornerstone project. Their memory is bounded here,
 * and an instance that has failed or grown large is thrown away: what a hostile stream leaves behind goes with it.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import charls from '@cornerstonejs/codec-charls/decodewasmjs';
import openjpeg from '@cornerstonejs/codec-openjpeg/decodewasmjs';
import { checkStreamSize, type FrameSamples } from './frame-samples.ts';
import { readCodestreamHeader } from './jpeg-2000-header.ts';
import { isRgbStream, readJpegMarkers } from './jpeg-markers.ts';
import type { PixelLayout } from './pixel-layout.ts';

/** Memory of a codec beyond which it is not kept for the next frame, and beyond which it may not grow, in bytes. */
const KEPT_MEMORY = 256 * 1024 ** 2;
const MOST_MEMORY = 1024 ** 3;
const PAGE = 64 * 1024;
const JPEG_LS = 0xf7;

interface FrameInfo {
  readonly width: number;
  readonly height: number;
  readonly bitsPerSample: number;
  readonly componentCount: number;
}

interface Decoder {
  getEncodedBuffer(length: number): Uint8Array;
  decode(): void;
  getFrameInfo(): FrameInfo;
  getDecodedBuffer(): Uint8Array;
  getInterleaveMode?(): number;
  delete(): void;
}

interface Codec {
  readonly HEAPU8: Uint8Array;
  readonly [decoder: string]: unknown;
}

type CodecFactory = (options: object) => Promise<Codec>;

interface CodecPackage {
  readonly factory: CodecFactory;
  readonly wasm: string;
  readonly decoder: string;
}

const packages = {
  charls: { factory: charls, wasm: '@cornerstonejs/codec-charls/decodewasm', decoder: 'JpegLSDecoder' },
  openjpeg: { factory: openjpeg, wasm: '@cornerstonejs/codec-openjpeg/decodewasm', decoder: 'J2KDecoder' },
} satisfies Record<string, CodecPackage>;

type CodecName = keyof typeof packages;

const require = createRequire(import.meta.url);
const modules = new Map<CodecName, Promise<WebAssembly.Module>>();
const codecs = new Map<CodecName, Promise<Codec>>();

function moduleOf(codec: CodecName): Promise<WebAssembly.Module> {
  const known = modules.get(codec);
  if (known !== undefined) return known;
  const module = readFile(require.resolve(packages[codec].wasm)).then((bytes) => WebAssembly.compile(bytes));
  modules.set(codec, module);
  return module;
}

function boundGrowth(exports: WebAssembly.Exports): void {
  const memory = Object.values(exports).find((part) => part instanceof WebAssembly.Memory);
  if (memory === undefined) return;
  const grow = memory.grow.bind(memory);
  memory.grow = (pages) => {
    if (memory.buffer.byteLength + pages * PAGE > MOST_MEMORY) throw new RangeError('codec memory');
    return grow(pages);
  };
}

async function startCodec(codec: CodecName): Promise<Codec> {
  const module = await moduleOf(codec);
  return packages[codec].factory({
    print: () => {},
    printErr: () => {},
    instantiateWasm(imports: WebAssembly.Imports, receive: (instance: WebAssembly.Instance) => void) {
      const instance = new WebAssembly.Instance(module, imports);
      boundGrowth(instance.exports);
      receive(instance);
      return instance.exports;
    },
  });
}

function codecOf(codec: CodecName): Promise<Codec> {
  const known = codecs.get(codec);
  if (known !== undefined) return known;
  const started = startCodec(codec);
  codecs.set(codec, started);
  return started;
}

interface Decoded extends FrameInfo {
  readonly bytes: Uint8Array;
  readonly interleaveMode: number | undefined;
}

function decodeWith(codec: Codec, decoderName: string, stream: Uint8Array): Decoded {
  const decoder = new (codec[decoderName] as new () => Decoder)();
  decoder.getEncodedBuffer(stream.length).set(stream);
  decoder.decode();
  const decoded = {
    ...decoder.getFrameInfo(),
    bytes: Uint8Array.from(decoder.getDecodedBuffer()),
    interleaveMode: decoder.getInterleaveMode?.(),
  };
  decoder.delete();
  return decoded;
}

async function decode(name: CodecName, stream: Uint8Array): Promise<Decoded> {
  const codec = await codecOf(name);
  let isKept = false;
  try {
    const decoded = decodeWith(codec, packages[name].decoder, stream);
    isKept = codec.HEAPU8.length <= KEPT_MEMORY;
    return decoded;
  } catch {
    // The codecs throw numbers and traps; neither says anything to a person.
    throw new Error('the decoder found the stream damaged');
  } finally {
    if (!isKept) codecs.delete(name);
  }
}

function samplesOf(decoded: Decoded, layout: PixelLayout): Pick<FrameSamples, 'values' | 'samples'> {
  const { bytes, bitsPerSample, width, height, componentCount } = decoded;
  const found = { rows: height, columns: width, samples: componentCount };
  checkStreamSize(layout, found);
  const bytesPerSample = bitsPerSample > 8 ? 2 : 1;
  if (bytes.length !== height * width * componentCount * bytesPerSample) {
    throw new Error('the stream does not hold a whole picture');
  }
  const values =
    bytesPerSample === 1 ? bytes : new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  return { values, samples: found.samples };
}

/** One frame of up to 16 bits. @throws Error for a damaged stream */
export async function decodeJpegLs(stream: Uint8Array, layout: PixelLayout): Promise<FrameSamples> {
  const markers = readJpegMarkers(stream);
  if (markers.process !== JPEG_LS) throw new Error('the stream is no JPEG-LS');
  checkStreamSize(layout, { ...markers, samples: markers.componentIds.length });
  const decoded = await decode('charls', stream);
  return {
    ...samplesOf(decoded, layout),
    // Interleave mode 0: a scan for each colour.
    isPlanar: decoded.componentCount === 3 && decoded.interleaveMode === 0,
    isRgb: isRgbStream(markers, layout.photometric),
  };
}

/** One frame of up to 16 bits; the colour transforms of JPEG 2000 come back as RGB. @throws Error for a damaged stream */
export async function decodeJpeg2000(stream: Uint8Array, layout: PixelLayout): Promise<FrameSamples> {
  const header = readCodestreamHeader(stream);
  checkStreamSize(layout, header);
  const decoded = await decode('openjpeg', stream);
  return {
    ...samplesOf(decoded, layout),
    isPlanar: false,
    isRgb: !layout.photometric.startsWith('YBR_FULL'),
  };
}
