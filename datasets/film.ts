/**
 * Films in containers (AVI, MP4, MOV, Matroska, WebM), in which EchoNet is published. They are decoded by a program
 * outside this one, which whoever starts the process passes in. They state no pixel size, so it has to be given.
 */
import { DomainError } from '../ground/errors.ts';
import type { DicomFilmContainer } from './dicom/film.ts';
import { fillFrameTime, type GivenGeometry, givenSpacing } from './given-geometry.ts';
import { scaleGreyLevels } from './grey-scaling.ts';
import { checkFrameTime, checkGrid, mostFramesOf } from './limits.ts';
import type { RecordedVideo } from './video-facts.ts';

/** How a film is packed: in a file of its own, or in DICOM. */
export type FilmContainer = 'AVI' | 'Matroska' | DicomFilmContainer;

export interface DecodedFilm {
  readonly rows: number;
  readonly columns: number;
  /** Undefined where the container states no rate. */
  readonly frameTimeMs: number | undefined;
  /** Grey levels 0 to 255, shape [frames, rows, columns]. */
  readonly grey: Uint8Array;
}

/** A program that decodes films. */
export interface FilmReader {
  /**
   * Rejects with Error for a film that cannot be decoded.
   * @param mostFrames of a size; a film that is longer is cut one frame after them, so that the caller sees that it
   * is too long
   */
  decode(
    film: Uint8Array,
    container: FilmContainer,
    mostFrames: (rows: number, columns: number) => number,
  ): Promise<DecodedFilm>;
}

export interface FilmOptions extends GivenGeometry {
  readonly filmReader?: FilmReader;
}

const ascii = (bytes: Uint8Array, from: number, to: number) =>
  String.fromCharCode(...bytes.subarray(from, to));

/** What kind of container the bytes are; undefined for anything else. */
export function filmContainer(bytes: Uint8Array): FilmContainer | undefined {
  if (ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 12) === 'AVI ') return 'AVI';
  if (ascii(bytes, 4, 8) === 'ftyp') return 'MP4';
  if (bytes[0] === 0x1a && bytes[1] === 0x45 && bytes[2] === 0xdf && bytes[3] === 0xa3) return 'Matroska';
  return undefined;
}

/**
 * @throws FormatUnsupported without a program that decodes films; DatasetInvalid for a film that it cannot decode,
 * and without a pixel size or frame time; LimitExceeded
 */
export async function readFilm(
  bytes: Uint8Array,
  name: string,
  options: FilmOptions = {},
): Promise<RecordedVideo> {
  const container = filmContainer(bytes);
  const { filmReader } = options;
  if (filmReader === undefined || container === undefined) {
    throw new DomainError(
      'FormatUnsupported',
      `${name}: expected a format that can be decoded here, found a film (${container ?? 'of another kind'}), for which ffmpeg is needed and was not found. ` +
        'Install ffmpeg, or convert the film to NIfTI.',
    );
  }
  const spacingMm = givenSpacing(options, name, container);
  const film = await filmReader.decode(bytes, container, mostFramesOf).catch((cause: unknown) => {
    throw new DomainError(
      'DatasetInvalid',
      `${name}: expected a film (${container}), found one that ffmpeg cannot decode. Copy or export it again.`,
      {},
      { cause },
    );
  });
  const { rows, columns, grey } = film;
  const frames = Math.floor(grey.length / (rows * columns));
  checkGrid(frames, rows, columns, name);
  const notes: string[] = [];
  const frameTimeMs =
    frames === 1
      ? 0
      : (fillFrameTime(film.frameTimeMs, { given: options, name, notes }) ?? film.frameTimeMs ?? 0);
  checkFrameTime(frameTimeMs, frames, name);
  const values = grey.subarray(0, frames * rows * columns);
  const source = { sourceBits: 8, isByteScale: true };
  const scaled = scaleGreyLevels(values, source, { name, pixelsPerFrame: rows * columns });
  return { frames, rows, columns, spacingMm, frameTimeMs, ...scaled, ...(notes.length > 0 && { notes }) };
}
