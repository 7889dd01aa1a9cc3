/** The registry of video formats: one entry a reader, chosen by what the bytes are and not by the file's name. */
import { DomainError } from '../ground/errors.ts';
import type { GreyVideo } from '../imaging/image.ts';
import { isDicom, readDicom } from './dicom.ts';
import type { GivenGeometry } from './given-geometry.ts';
import { countKeptLevels } from './grey-scaling.ts';
import { checkFileSize } from './limits.ts';
import { isNifti, readGreyNifti } from './nifti.ts';
import type { RecordedVideo } from './video-facts.ts';

interface VideoReader {
  readonly format: string;
  recognises(bytes: Uint8Array): boolean;
  read(bytes: Uint8Array, name: string, given: GivenGeometry): RecordedVideo | Promise<RecordedVideo>;
}

/** Facts of a reader that gives bytes as [0, 1] and counts nothing itself. */
function withByteFacts(video: GreyVideo | RecordedVideo): RecordedVideo {
  if ('facts' in video) return video;
  const levels = countKeptLevels(video.intensities, 8);
  const scaling = { kind: 'type', low: 0, high: 255 } as const;
  return { ...video, facts: { sourceBits: 8, distinctLevels: levels, keptLevels: levels, scaling } };
}

const readers: readonly VideoReader[] = [
  { format: 'NIfTI (.nii, .nii.gz)', recognises: isNifti, read: readGreyNifti },
  {
    format: 'DICOM ultrasound (.dcm)',
    recognises: isDicom,
    read: async (bytes, name, given) => withByteFacts(await readDicom(bytes, name, given)),
  },
];

/** The formats that `readVideo` knows, for messages and help. */
export const videoFormats: readonly string[] = readers.map((reader) => reader.format);

/**
 * Reads a video of any known format into grey levels in [0, 1]. `name` is what messages call the file; `given` fills what its
 * header lacks.
 * @throws FormatUnsupported when no reader knows the bytes, and what the readers throw
 */
export async function readVideo(
  bytes: Uint8Array,
  name: string,
  given: GivenGeometry = {},
): Promise<RecordedVideo> {
  checkFileSize(bytes.length, name);
  const reader = readers.find((candidate) => candidate.recognises(bytes));
  if (reader !== undefined) return reader.read(bytes, name, given);
  const isText = bytes.subarray(0, 512).every((byte) => byte >= 9 && byte < 127);
  throw new DomainError(
    'FormatUnsupported',
    `${name}: expected ${videoFormats.join(' or ')}, found ${isText ? 'a text file' : 'a file of another format'}. ` +
      'Check the file, or convert it to NIfTI with pixel size and frame time.',
  );
}
