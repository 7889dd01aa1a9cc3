/**
 * Whole prepared videos at hand without waiting, for what goes through all of them again and again, as the validation
 * of a fine-tuning does: in memory as far as a budget goes, beyond it in a folder of this process that is removed at
 * the end.
 */
import { closeSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { domainErrorOf } from '../../ground/errors.ts';
import { type GreyVideo, geometryOf, type VideoGeometry } from '../../imaging/image.ts';
import type { WindowSource } from '../../method/windows/training-windows.ts';
import { makeScratchFolder } from '../../runtime/scratch-folder.ts';
import { memoryBudgets } from '../../temporal.config.ts';

const FLOAT_BYTES = Float32Array.BYTES_PER_ELEMENT;

interface Place {
  readonly geometry: VideoGeometry;
  readonly intensities: Float32Array | string;
}

export class VideoShelf {
  readonly #places = new Map<string, Place>();
  readonly #memoryBytes: number;
  #bytes = 0;
  #files = 0;
  #folder: string | undefined;

  constructor(memoryBytes: number = memoryBudgets.videoShelfBytes) {
    this.#memoryBytes = memoryBytes;
  }

  put(id: string, video: GreyVideo): void {
    this.#places.set(id, { geometry: geometryOf(video), intensities: this.#keep(video.intensities) });
  }

  /** Size and spacing of a video that was put. */
  geometry(id: string): VideoGeometry {
    return this.#placeOf(id).geometry;
  }

  /** Grey levels of consecutive frames, [frames, rows, columns]; not to be changed. */
  window(id: string, startFrame: number, frames: number): Float32Array {
    const { geometry, intensities } = this.#placeOf(id);
    const { start, length } = rangeOf(geometry, startFrame, frames);
    if (typeof intensities !== 'string') return intensities.subarray(start, start + length);
    return new Float32Array(readRange(intensities, start * FLOAT_BYTES, length * FLOAT_BYTES).buffer);
  }

  dispose(): void {
    this.#places.clear();
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }

  /** The array itself, or the path of a file with its bytes. */
  #keep(pixels: Float32Array): Float32Array | string {
    if (this.#bytes + pixels.byteLength <= this.#memoryBytes) {
      this.#bytes += pixels.byteLength;
      return pixels;
    }
    try {
      this.#folder ??= makeScratchFolder();
      const path = join(this.#folder, String(this.#files++));
      writeFileSync(path, new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength));
      return path;
    } catch (error) {
      throw domainErrorOf(error, this.#folder) ?? error;
    }
  }

  #placeOf(id: string): Place {
    const place = this.#places.get(id);
    if (!place) throw new Error(`The video ${id} is not on the shelf.`);
    return place;
  }
}

/** These videos as a source of windows. */
export function windowsFrom(shelf: VideoShelf, ids: readonly string[]): WindowSource {
  return {
    count: ids.length,
    frames: (index) => shelf.geometry(ids[index]!).frames,
    rows: (index) => shelf.geometry(ids[index]!).rows,
    columns: (index) => shelf.geometry(ids[index]!).columns,
    window: (index, startFrame, frames) => shelf.window(ids[index]!, startFrame, frames),
  };
}

function rangeOf({ rows, columns }: VideoGeometry, startFrame: number, frames: number) {
  return { start: startFrame * rows * columns, length: frames * rows * columns };
}

function readRange(path: string, start: number, bytes: number): Uint8Array<ArrayBuffer> {
  const range = new Uint8Array(bytes);
  const file = openSync(path, 'r');
  try {
    readSync(file, range, 0, bytes, start);
  } finally {
    closeSync(file);
  }
  return range;
}
