/** Numbers and texts of a pickle, one after the other; reading past the end is an error, never a guess. */
import { DomainError } from '../../../ground/errors.ts';

const LONGEST_LINE = 1000;

export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  uint8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  bigEndianDouble(): number {
    return this.#view.getFloat64(this.#advance(8));
  }

  /** A signed little-endian integer of at most 8 bytes; beyond 2^53 it is rounded. */
  long(length: number): number {
    if (length > 8) throw this.#cutOff(`an integer of ${length} bytes`);
    const start = this.#advance(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.#bytes[start + i]!);
    return Number(BigInt.asIntN(8 * length, value));
  }

  text(length: number): string {
    const start = this.#advance(length);
    return new TextDecoder().decode(this.#bytes.subarray(start, start + length));
  }

  /** Up to a line feed, which is left out. */
  line(): string {
    const end = this.#bytes.subarray(this.position, this.position + LONGEST_LINE).indexOf(0x0a);
    if (end < 0) throw this.#cutOff('a name without end');
    const text = this.text(end);
    this.position++;
    return text;
  }

  #advance(length: number): number {
    const start = this.position;
    if (start + length > this.#bytes.length) throw this.#cutOff('an end in the middle of an instruction');
    this.position += length;
    return start;
  }

  #cutOff(found: string): DomainError {
    return new DomainError(
      'CheckpointIncompatible',
      `its pickle is damaged: at byte ${this.position} it has ${found}. Fetch the file again or restore it from a backup.`,
    );
  }
}
