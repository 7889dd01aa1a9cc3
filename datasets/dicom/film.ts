/**
 * Films inside DICOM (MPEG-2, H.264, HEVC; PS3.5 section 8.2.5 on). They are decoded by a program outside this one,
 * which whoever starts the process passes in.
 */

/** How a stream is packed: in a container, or bare. */
export type DicomFilmContainer = 'MP4' | 'MPEG-TS' | 'MPEG-PS' | 'MPEG-2' | 'H.264' | 'HEVC';

/** A program that decodes films. */
export interface DicomFilmReader {
  /**
   * Grey levels 0 to 255, shape [frames, rows, columns]. Rejects with Error for a film that cannot be decoded.
   * @param mostFrames of a size; a longer film is cut one frame after them, so that the caller sees that it is too long
   */
  decode(
    film: Uint8Array,
    container: DicomFilmContainer,
    mostFrames: (rows: number, columns: number) => number,
  ): Promise<{ readonly rows: number; readonly columns: number; readonly grey: Uint8Array }>;
}

export type FilmCodec = 'mpeg-2' | 'h264' | 'hevc';

const BARE = { 'mpeg-2': 'MPEG-2', h264: 'H.264', hevc: 'HEVC' } as const;
const TS_PACKET = 188;

/** What the first bytes say: the standard allows several containers for each codec. */
export function dicomFilmContainer(film: Uint8Array, codec: FilmCodec): DicomFilmContainer {
  if (String.fromCharCode(...film.subarray(4, 8)) === 'ftyp') return 'MP4';
  if (film[0] === 0x47 && film[TS_PACKET] === 0x47) return 'MPEG-TS';
  if (film[0] === 0 && film[1] === 0 && film[2] === 1 && film[3] === 0xba) return 'MPEG-PS';
  return BARE[codec];
}
