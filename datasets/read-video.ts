/** The registry of video formats: one entry a reader, chosen by what the bytes are and not by the file's name. */
import { DomainError } from '../ground/errors.ts';
import type { GreyVideo } from '../imaging/image.ts';
import { type GeometryOverrides, isDicom, readDicom } from './dicom.ts';
import { checkFileSize } from './limits.ts';
import { isNifti, readGreyNifti } from './nifti.ts';

interface VideoReader {
  readonly format: string;
  recognises(bytes: Uint8Array): boolean;
  read(bytes: Uint8Array, name: string, overrides: GeometryOverrides): GreyVideo | Promise<GreyVideo>;
}

const readers: readonly VideoReader[] = [
  { format: 'NIfTI (.nii, .nii.gz)', recognises: isNifti, read: readGreyNifti },
  { format: 'DICOM ultrasound (.dcm)', recognises: isDicom, read: readDicom },
];

/** The formats that `readVideo` knows, for messages and help. */
export const videoFormats: readonly string[] = readers.map((reader) => reader.format);

/**
 * Reads a video of any known format into grey levels in [0, 1]. `name` is what messages call the file; `overrides` give
 * what a DICOM header lacks.
 * @throws FormatUnsupported when no reader knows the bytes, and what the readers throw
 */
export async function readVideo(
  bytes: Uint8Array,
  name: string,
  overrides: GeometryOverrides = {},
): Promise<GreyVideo> {
  checkFileSize(bytes.length, name);
  const reader = readers.find((candidate) => candidate.recognises(bytes));
  if (reader !== undefined) return reader.read(bytes, name, overrides);
  const isText = bytes.subarray(0, 512).every((byte) => byte >= 9 && byte < 127);
  throw new DomainError(
    'FormatUnsupported',
    `${name}: expected ${videoFormats.join(' or ')}, found ${isText ? 'a text file' : 'a file of another format'}. ` +
      'Check the file, or convert it to NIfTI with pixel size and frame time.',
  );
}
