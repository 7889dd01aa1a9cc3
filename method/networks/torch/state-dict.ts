/**
 * The arrays of a PyTorch file, whether it holds a state dict alone or a checkpoint of Lightning or nnU-Net around it.
 */
import { DomainError } from '../../../ground/errors.ts';
import { elementCount, type NamedArray } from '../named-arrays.ts';
import { isTensor, type Pickled, type PickledTensor } from './pickled-values.ts';
import { openTorchZip, type TorchZip } from './torch-zip.ts';
import { unpickle } from './unpickle.ts';

/** Arrays that are looked up by name; their numbers are read when they are asked for. */
export interface LazyArrays {
  /** Shape of every array by name, in the file's order. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** As float32. @throws DomainError CheckpointIncompatible, FormatUnsupported */
  read(name: string): NamedArray;
}

/** @throws DomainError CheckpointIncompatible, FormatUnsupported, LimitExceeded for what torch.save does not write. */
export function openStateDict(bytes: Uint8Array): LazyArrays {
  const zip = openTorchZip(bytes);
  const root = unpickle(zip.pickle);
  const inner = root instanceof Map ? (root.get('state_dict') ?? root.get('network_weights')) : undefined;
  const tensors = tensorsOf(inner instanceof Map ? inner : root);
  if (tensors.size === 0) {
    throw new DomainError(
      'CheckpointIncompatible',
      'the file holds no tensors by name, at its top or under "state_dict". In Python: torch.save(network.state_dict(), OUT), and import OUT.',
    );
  }
  return {
    shapes: new Map([...tensors].map(([name, { size }]) => [name, size])),
    read: (name) => readTensor(name, tensors.get(name)!, zip),
  };
}

function tensorsOf(dictionary: Pickled): Map<string, PickledTensor> {
  const tensors = new Map<string, PickledTensor>();
  if (!(dictionary instanceof Map)) return tensors;
  for (const [name, value] of dictionary) {
    if (typeof name === 'string' && isTensor(value)) tensors.set(name, value);
  }
  return tensors;
}

function readTensor(
  name: string,
  { storage, offset, size, stride }: PickledTensor,
  zip: TorchZip,
): NamedArray {
  const format = formats[storage.type];
  if (!format) {
    throw new DomainError(
      'FormatUnsupported',
      `"${name}" holds whole numbers (${storage.type}), no weights. Save the network's state dict in float32.`,
    );
  }
  const bytes = zip.storage(storage.key);
  const count = elementCount(size);
  const last = size.reduce((at, length, axis) => at + (length - 1) * stride[axis]!, offset);
  // A view that repeats elements could be of any size.
  if (
    bytes.length !== format.bytes * storage.elements ||
    count > storage.elements ||
    (count > 0 && last >= storage.elements)
  ) {
    throw new DomainError(
      'CheckpointIncompatible',
      `"${name}" of shape [${size}] does not fit its ${bytes.length} bytes. Fetch the file again or restore it from a backup.`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data = new Float32Array(count);
  const position = size.map(() => 0);
  for (let i = 0, at = offset; i < count; i++) {
    data[i] = format.read(view, at * format.bytes);
    for (let axis = size.length - 1; axis >= 0; axis--) {
      at += stride[axis]!;
      if (++position[axis]! < size[axis]!) break;
      at -= size[axis]! * stride[axis]!;
      position[axis] = 0;
    }
  }
  return { shape: size, data };
}

interface NumberFormat {
  readonly bytes: number;
  read(view: DataView, at: number): number;
}

const toFloat = new DataView(new ArrayBuffer(4));

const formats: Readonly<Record<string, NumberFormat>> = {
  FloatStorage: { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  DoubleStorage: { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
  HalfStorage: { bytes: 2, read: (view, at) => halfToNumber(view.getUint16(at, true)) },
  BFloat16Storage: {
    bytes: 2,
    // The upper half of a float32.
    read: (view, at) => {
      toFloat.setUint32(0, view.getUint16(at, true) << 16);
      return toFloat.getFloat32(0);
    },
  },
};

/** IEEE 754 half precision. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
