/**
 * The stream that ffmpeg writes (YUV4MPEG2, grey): a line with size and rate, then every frame behind a line of its
 * own. Nothing is kept before the first line has said how much there may be.
 */
import type { DecodedFilm } from '../../datasets/film.ts';

const longestLine = 1024;

interface Header {
  readonly rows: number;
  readonly columns: number;
  readonly frameTimeMs: number | undefined;
}

function parseHeader(line: string): Header {
  const field = (letter: string) => new RegExp(`\\s${letter}(\\S+)`).exec(line)?.[1];
  const [rows, columns] = [Number(field('H')), Number(field('W'))];
  if (!line.startsWith('YUV4MPEG2') || !(rows > 0 && columns > 0) || field('C') !== 'mono') {
    throw new Error('expected a grey YUV4MPEG2 stream');
  }
  const [count, per] = (field('F') ?? '0:0').split(':').map(Number);
  const frameTimeMs = count! > 0 && per! > 0 ? (1000 * per!) / count! : undefined;
  return { rows, columns, frameTimeMs };
}

export class GreyStream {
  readonly #mostFrames: (rows: number, columns: number) => number;
  #header: Header | undefined;
  #line = '';
  /** Bytes of the current frame that are still to come; 0 between frames. */
  #missing = 0;
  readonly #frames: Uint8Array[] = [];
  #most = 0;

  constructor(mostFrames: (rows: number, columns: number) => number) {
    this.#mostFrames = mostFrames;
  }

  /** True when one frame more than allowed has come: the rest is not needed. */
  get isFull(): boolean {
    return this.#header !== undefined && this.#frames.length > this.#most && this.#missing === 0;
  }

  /** Takes bytes as they come. @returns false when no more are needed. @throws Error for another stream */
  push(chunk: Uint8Array): boolean {
    let at = 0;
    while (at < chunk.length && !this.isFull) {
      at += this.#missing > 0 ? this.#takePixels(chunk, at) : this.#takeLine(chunk, at);
    }
    return !this.isFull;
  }

  #takePixels(chunk: Uint8Array, at: number): number {
    const part = chunk.subarray(at, at + this.#missing);
    const frame = this.#frames.at(-1)!;
    frame.set(part, frame.length - this.#missing);
    this.#missing -= part.length;
    return part.length;
  }

  #takeLine(chunk: Uint8Array, at: number): number {
    const newline = chunk.indexOf(0x0a, at);
    const end = newline < 0 ? chunk.length : newline;
    this.#line += Buffer.from(chunk.subarray(at, Math.min(end, at + longestLine))).toString('latin1');
    if (this.#line.length >= longestLine) throw new Error('expected a line, found none');
    if (newline < 0) return chunk.length - at;
    this.#endLine();
    return newline + 1 - at;
  }

  #endLine(): void {
    const line = this.#line;
    this.#line = '';
    if (this.#header === undefined) {
      this.#header = parseHeader(line);
      const { rows, columns } = this.#header;
      this.#most = this.#mostFrames(rows, columns);
      if (this.#most < 1) throw new Error('a frame is larger than allowed');
      return;
    }
    if (!line.startsWith('FRAME')) throw new Error('expected a frame');
    const { rows, columns } = this.#header;
    this.#missing = rows * columns;
    this.#frames.push(new Uint8Array(this.#missing));
  }

  /** All whole frames. @throws Error when there is none */
  film(): DecodedFilm {
    if (this.#missing > 0) this.#frames.pop();
    if (this.#header === undefined || this.#frames.length === 0)
      throw new Error('expected frames, found none');
    const pixels = this.#header.rows * this.#header.columns;
    const grey = new Uint8Array(this.#frames.length * pixels);
    for (const [i, frame] of this.#frames.entries()) grey.set(frame, i * pixels);
    return { ...this.#header, grey };
  }
}
