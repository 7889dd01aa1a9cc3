/** Films inside DICOM (MPEG-2, H.264, HEVC) are decoded by a program outside this one; whoever starts the process passes it in. */

export interface FilmRequest {
  readonly codec: 'mpeg-2' | 'h264' | 'hevc';
  readonly rows: number;
  readonly columns: number;
  /** Frames that the header states; a film with more or fewer is refused. */
  readonly frames: number;
}

export interface FilmDecoder {
  /** Grey levels 0 to 255 of shape [frames, rows, columns]; shorter when the film ends early. Rejects with Error for a damaged film. */
  decode(film: Uint8Array, request: FilmRequest): Promise<Uint8Array>;
}
