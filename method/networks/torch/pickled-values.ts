/**
 * The plain values that stand for what torch pickles: containers, numbers, and tensors as views of numbers that lie
 * elsewhere.
 */
import { DomainError } from '../../../ground/errors.ts';

/** Where a tensor's numbers lie: `storage` is what the pickle's persistent id stood for. */
export interface PickledTensor {
  readonly storage: PickledStorage;
  /** In elements, as `size` and `stride`. */
  readonly offset: number;
  readonly size: readonly number[];
  readonly stride: readonly number[];
}

export interface PickledStorage {
  /** Such as FloatStorage. */
  readonly type: string;
  readonly key: string;
  readonly elements: number;
}

/** Dictionaries are Maps, lists and tuples arrays; tensors are told apart by `isTensor`. */
export type Pickled =
  | null
  | boolean
  | number
  | string
  | Pickled[]
  | Map<Pickled, Pickled>
  | PickledTensor
  | Named
  | PickledStorage;

/** A name that the pickle refers to; there is nothing behind it. */
interface Named {
  readonly global: string;
}

const STORAGE = /^torch (Float|Double|Half|BFloat16|Long|Int|Short|Char|Byte|Bool)Storage$/;
const CALLABLE = new Set([
  'collections OrderedDict',
  'torch._utils _rebuild_tensor_v2',
  'torch._utils _rebuild_parameter',
  'torch Size',
  // Numbers of numpy, as logs beside the weights have them: nothing is made of them.
  'numpy.core.multiarray scalar',
  'numpy._core.multiarray scalar',
  'numpy dtype',
  '_codecs encode',
]);

/** True for the few names that weights are made of. */
export function isKnownName(name: string): boolean {
  return CALLABLE.has(name) || STORAGE.test(name);
}

export function isTensor(value: Pickled | undefined): value is PickledTensor {
  return typeof value === 'object' && value !== null && 'stride' in value;
}

/** The numbers that ('storage', type, key, device, elements) refers to. @throws DomainError CheckpointIncompatible */
export function storageOf(id: Pickled): PickledStorage {
  const [tag, type, key, , elements] = Array.isArray(id) ? id : [];
  const name = type && typeof type === 'object' && 'global' in type ? STORAGE.exec(type.global) : null;
  // The key becomes part of a member's name.
  if (tag !== 'storage' || !name || typeof key !== 'string' || !/^\d{1,9}$/.test(key) || !isCount(elements)) {
    throw damaged('a reference to numbers is not one that torch writes');
  }
  return { type: `${name[1]}Storage`, key, elements };
}

/** What the few functions that are known would have given. @throws DomainError CheckpointIncompatible */
export function call(target: Pickled, args: Pickled): Pickled {
  const name = target && typeof target === 'object' && 'global' in target ? target.global : '';
  if (!Array.isArray(args)) throw damaged('it calls without arguments');
  switch (name) {
    case 'collections OrderedDict': {
      const entries = (args[0] ?? []) as Pickled[];
      if (!Array.isArray(entries) || !entries.every((entry) => Array.isArray(entry))) {
        throw damaged('a dictionary is not made of pairs');
      }
      return new Map(entries.map((entry): [Pickled, Pickled] => [entry[0] ?? null, entry[1] ?? null]));
    }
    case 'torch Size':
      return args[0] ?? [];
    case 'torch._utils _rebuild_parameter':
      return args[0] ?? null;
    case 'torch._utils _rebuild_tensor_v2':
      return tensorOf(args);
    case 'numpy dtype':
      return new Map();
    case '_codecs encode':
      return args[0] ?? null;
    case 'numpy.core.multiarray scalar':
    case 'numpy._core.multiarray scalar':
      return null;
    default:
      throw damaged('it calls what is no function');
  }
}

function tensorOf([storage, offset, size, stride]: Pickled[]): PickledTensor {
  if (
    typeof storage === 'object' &&
    storage !== null &&
    'elements' in storage &&
    isCount(offset) &&
    isCounts(size) &&
    isCounts(stride) &&
    size.length === stride.length
  ) {
    return { storage, offset, size, stride };
  }
  throw damaged('a tensor lacks its storage, size or stride');
}

function isCount(value: Pickled | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isCounts(value: Pickled | undefined): value is number[] {
  return Array.isArray(value) && value.length <= 8 && value.every(isCount);
}

/** The failure of a pickle that torch did not write so. */
export function damaged(reason: string): DomainError {
  return new DomainError(
    'CheckpointIncompatible',
    `its pickle is damaged: ${reason}. Fetch the file again or restore it from a backup.`,
  );
}
