/** The registry of video formats: one entry a reader, chosen by what the bytes are and not by the file's name. */
import { DomainError } from '../ground/errors.ts';
import { type DicomOptions, readDicom } from './dicom/read-dicom.ts';
import { isDicom } from './dicom/start-of-data.ts';
import { type FilmOptions, filmContainer, readFilm } from './film.ts';
import { checkFileSize } from './limits.ts';
import { isMetaImage, type MetaImageOptions, readMetaImage } from './metaimage.ts';
import { isNifti, readGreyNifti } from './nifti.ts';
import { pictureFormat, readPicture } from './pictures.ts';
import type { RecordedVideo } from './video-facts.ts';

/**
 * What a header lacks, and what some formats need: files beside the one that is read, a program that decodes films, a
 * key for the hashes of patients, reasons for which a file is taken all the same.
 */
export type ReadOptions = DicomOptions & FilmOptions & MetaImageOptions;

interface VideoReader {
  readonly format: string;
  recognises(bytes: Uint8Array): boolean;
  read(bytes: Uint8Array, name: string, options: ReadOptions): RecordedVideo | Promise<RecordedVideo>;
}

const readers: readonly VideoReader[] = [
  { format: 'NIfTI (.nii, .nii.gz)', recognises: isNifti, read: readGreyNifti },
  { format: 'DICOM ultrasound (.dcm)', recognises: isDicom, read: readDicom },
  { format: 'MetaImage (.mhd, .mha)', recognises: isMetaImage, read: readMetaImage },
  {
    format: 'films (.avi, .mp4, .mov, .mkv)',
    recognises: (bytes) => filmContainer(bytes) !== undefined,
    read: readFilm,
  },
  {
    format: 'pictures (.gif, .png, .jpg, .tif)',
    recognises: (bytes) => pictureFormat(bytes) !== undefined,
    read: readPicture,
  },
];

/** The formats that `readVideo` knows, for messages and help. */
export const videoFormats: readonly string[] = readers.map((reader) => reader.format);

/**
 * Reads a video of any known format into grey levels in [0, 1]. `name` is what messages call the file.
 * @throws FormatUnsupported when no reader knows the bytes, and what the readers throw
 */
export async function readVideo(
  bytes: Uint8Array,
  name: string,
  options: ReadOptions = {},
): Promise<RecordedVideo> {
  checkFileSize(bytes.length, name);
  const reader = readers.find((candidate) => candidate.recognises(bytes));
  if (reader !== undefined) return reader.read(bytes, name, options);
  if (/\.img$/i.test(name)) {
    throw new DomainError(
      'FormatUnsupported',
      `${name}: expected a file that holds a video with its header, found what may be one of a pair (.hdr and .img). ` +
        'Export it as a single file, .nii or .nii.gz.',
    );
  }
  const isText = bytes.subarray(0, 512).every((byte) => byte >= 9 && byte < 127);
  throw new DomainError(
    'FormatUnsupported',
    `${name}: expected ${videoFormats.join(' or ')}, found ${isText ? 'a text file' : 'a file of another format'}. ` +
      'Check the file, or convert it to NIfTI with pixel size and frame time.',
  );
}
