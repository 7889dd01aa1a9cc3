/**
 * Decodes JPEG-LS (CharLS), JPEG 2000 and HTJ2K (OpenJPEG), by the WebAssembly builds of the cornerstone project, JPEG
 * extended of 12 bits (libjpeg-turbo, by that of dcmjs-codecs) and JPEG lossless, in a thread that can be stopped: a
 * damaged stream of a few hundred bytes can keep CharLS busy for half a minute. Plain JavaScript, so that the thread
 * starts without a compiler. Memory is bounded here, and a codec that has failed or grown large is thrown away.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { Decoder as LosslessDecoder } from 'jpeg-lossless-decoder-js';

/** Memory of a codec beyond which it is not kept for the next frame, and beyond which it may not grow, in bytes. */
const KEPT_MEMORY = 256 * 1024 ** 2;
const MOST_MEMORY = 1024 ** 3;
const PAGE = 64 * 1024;

const require = createRequire(import.meta.url);
const wasmCodecs = {
  charls: { library: '@cornerstonejs/codec-charls', decoder: 'JpegLSDecoder' },
  openjpeg: { library: '@cornerstonejs/codec-openjpeg', decoder: 'J2KDecoder' },
};
const modules = new Map();
const instances = new Map();

function moduleOf(codec) {
  if (!modules.has(codec)) {
    const file = require.resolve(`${wasmCodecs[codec].library}/decodewasm`);
    modules.set(codec, new WebAssembly.Module(readFileSync(file)));
  }
  return modules.get(codec);
}

function boundGrowth(exports) {
  const memory = Object.values(exports).find((part) => part instanceof WebAssembly.Memory);
  const grow = memory.grow.bind(memory);
  memory.grow = (pages) => {
    if (memory.buffer.byteLength + pages * PAGE > MOST_MEMORY) throw new RangeError('codec memory');
    return grow(pages);
  };
}

function instanceOf(codec) {
  if (!instances.has(codec)) {
    const factory = require(`${wasmCodecs[codec].library}/decodewasmjs`);
    const options = {
      print: () => {},
      printErr: () => {},
      instantiateWasm(imports, receive) {
        const instance = new WebAssembly.Instance(moduleOf(codec), imports);
        boundGrowth(instance.exports);
        receive(instance);
        return instance.exports;
      },
    };
    instances.set(codec, factory(options));
  }
  return instances.get(codec);
}

async function decodeWasm(codec, stream) {
  const instance = await instanceOf(codec);
  let isKept = false;
  try {
    const decoder = new instance[wasmCodecs[codec].decoder]();
    decoder.getEncodedBuffer(stream.length).set(stream);
    decoder.decode();
    const { width, height, bitsPerSample, componentCount } = decoder.getFrameInfo();
    const bytes = Uint8Array.from(decoder.getDecodedBuffer());
    // Interleave mode 0 of JPEG-LS: a scan for each colour.
    const isPlanar = componentCount > 1 && decoder.getInterleaveMode?.() === 0;
    decoder.delete();
    isKept = instance.HEAPU8.length <= KEPT_MEMORY;
    return { bytes, columns: width, rows: height, bits: bitsPerSample, samples: componentCount, isPlanar };
  } finally {
    if (!isKept) instances.delete(codec);
  }
}

function decodeLossless(stream, precision) {
  const decoder = new LosslessDecoder();
  const values = decoder.decode(stream.buffer, stream.byteOffset, stream.byteLength, precision > 8 ? 2 : 1);
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const { xDim: columns, yDim: rows, numComp: samples } = decoder;
  return { bytes, columns, rows, bits: precision, samples, isPlanar: false };
}

/** Grey of 12 bits; the caller has read the size from the stream, by which memory is bounded. */
async function decodeExtended(stream, { precision, rows, columns }) {
  const { Context, NativeCodecs } = require('dcmjs-codecs');
  if (!NativeCodecs.isInitialized()) {
    const wasm = join(dirname(require.resolve('dcmjs-codecs')), 'dcmjs-native-codecs.wasm');
    await NativeCodecs.initializeAsync({ webAssemblyModulePathOrUrl: wasm });
  }
  let isKept = false;
  try {
    const context = new Context({
      width: columns,
      height: rows,
      bitsAllocated: 16,
      bitsStored: precision,
      samplesPerPixel: 1,
      pixelRepresentation: 0,
      planarConfiguration: 0,
      photometricInterpretation: 'MONOCHROME2',
      encodedBuffer: stream,
    });
    const decoded = NativeCodecs.decodeJpeg(context, { convertColorspaceToRgb: false });
    const bytes = Uint8Array.from(decoded.getDecodedBuffer());
    isKept = true;
    return { bytes, columns, rows, bits: precision, samples: 1, isPlanar: false };
  } finally {
    if (!isKept) NativeCodecs.release();
  }
}

function decode(codec, stream, job) {
  if (codec === 'lossless') return decodeLossless(stream, job.precision);
  return codec === 'extended' ? decodeExtended(stream, job) : decodeWasm(codec, stream);
}

parentPort.on('message', async ({ codec, stream, ...job }) => {
  try {
    const decoded = await decode(codec, stream, job);
    parentPort.postMessage({ decoded }, [decoded.bytes.buffer]);
  } catch {
    // Codecs throw numbers and traps, which say nothing to a person.
    parentPort.postMessage({});
  }
});
