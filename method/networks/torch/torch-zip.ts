/**
 * The zip file that `torch.save` writes, read in memory: nothing is unpacked to disk. PyTorch stores its members
 * uncompressed, so a compressed one is refused, and with it everything that grows when it is unpacked.
 */
import { unzipSync } from 'fflate';
import { DomainError } from '../../../ground/errors.ts';

const zipLimits = {
  /** Node reads no larger file into one buffer on every platform. */
  fileBytes: 2 ** 31 - 1,
  /** A training checkpoint of a few networks with their optimisers has about two thousand. */
  members: 20_000,
  /** The description of the tensors, without their numbers. */
  pickleBytes: 16 * 1024 ** 2,
} as const;

export interface TorchZip {
  /** The description of what was saved. */
  readonly pickle: Uint8Array;
  /** The raw numbers of storage `key`. @throws DomainError CheckpointIncompatible when there are none. */
  storage(key: string): Uint8Array;
}

/** True when the bytes begin as a zip file does. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 0x03 && bytes[3] === 0x04;
}

/** @throws DomainError CheckpointIncompatible, FormatUnsupported, LimitExceeded */
export function openTorchZip(bytes: Uint8Array): TorchZip {
  if (bytes.length > zipLimits.fileBytes) {
    throw new DomainError(
      'LimitExceeded',
      `expected at most ${zipLimits.fileBytes} bytes, found ${bytes.length}. Save the state dict of the one network alone.`,
    );
  }
  const sizes = memberSizes(bytes);
  const [description, another] = [...sizes.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (description === undefined || another !== undefined) {
    throw broken('the zip file holds no single <name>/data.pkl, so torch.save did not write it');
  }
  const root = description.slice(0, -'data.pkl'.length);
  if (sizes.has(`${root}constants.pkl`)) {
    throw new DomainError(
      'FormatUnsupported',
      'this is a TorchScript program, not weights. In Python: torch.save(torch.jit.load(FILE).state_dict(), OUT), and import OUT.',
    );
  }
  if (sizes.get(description)! > zipLimits.pickleBytes) {
    throw new DomainError(
      'LimitExceeded',
      `expected a description of at most ${zipLimits.pickleBytes} bytes, found ${sizes.get(description)}. Save the state dict of the one network alone.`,
    );
  }
  const order = sizes.has(`${root}byteorder`)
    ? new TextDecoder().decode(member(bytes, `${root}byteorder`, sizes))
    : 'little';
  if (order !== 'little') {
    throw new DomainError(
      'FormatUnsupported',
      `the numbers are in ${order}-endian order; only little-endian ones are read. Save the file again on another machine.`,
    );
  }
  return {
    pickle: member(bytes, description, sizes),
    storage: (key) => member(bytes, `${root}data/${key}`, sizes),
  };
}

/** Name and size of each member, from the directory alone. */
function memberSizes(bytes: Uint8Array): Map<string, number> {
  const sizes = new Map<string, number>();
  let total = 0;
  unzip(bytes, ({ name, size, originalSize, compression }) => {
    if (sizes.size >= zipLimits.members) {
      throw new DomainError(
        'LimitExceeded',
        `expected at most ${zipLimits.members} members in the zip file, found more.`,
      );
    }
    if (name.startsWith('/') || name.includes('\\') || name.split('/').includes('..')) {
      throw broken('a member of the zip file has a name that leads out of its folder');
    }
    if (sizes.has(name)) throw broken('two members of the zip file have one name');
    if (compression !== 0 || size !== originalSize) {
      throw new DomainError(
        'FormatUnsupported',
        'a member of the zip file is compressed, which torch.save never does. Save the file again with torch.save.',
      );
    }
    total += size;
    // Members that overlap would be larger together than the file is.
    if (total > bytes.length) throw broken('the members of the zip file are larger than the file');
    sizes.set(name, size);
    return false;
  });
  return sizes;
}

function member(bytes: Uint8Array, name: string, sizes: ReadonlyMap<string, number>): Uint8Array {
  if (!sizes.has(name))
    throw broken(`the zip file has no ${name.slice(name.indexOf('/') + 1)}; it may be cut off`);
  const found = unzip(bytes, (info) => info.name === name)[name];
  if (found?.length === sizes.get(name)) return found!;
  throw broken(`${name.slice(name.indexOf('/') + 1)} ends after the file, which may be cut off`);
}

function unzip(bytes: Uint8Array, filter: NonNullable<Parameters<typeof unzipSync>[1]>['filter']) {
  try {
    return unzipSync(bytes, filter ? { filter } : {});
  } catch (error) {
    if (error instanceof DomainError) throw error;
    throw broken('it is not a whole zip file; it may be cut off');
  }
}

function broken(reason: string): DomainError {
  return new DomainError('CheckpointIncompatible', `${reason}. Fetch it again or restore it from a backup.`);
}
