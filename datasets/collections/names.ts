/** What names of files say: endings, suffixes of masks and channels, patients, views. */

/** Endings by which a file may be a video; DICOM files often have none. */
export const videoEnding = /\.(?:nii\.gz|nii|dcm|dicom|mhd|mha|avi|mp4|m4v|mov|mkv|webm|gif)$/i;
export const pictureEnding = /\.(?:png|jpe?g|tiff?)$/i;
export const maskEnding = /\.(?:nii\.gz|nii|mhd|mha)$/i;
const anyEnding = /\.[A-Za-z][A-Za-z0-9]*$/;

/** Suffixes that name a mask beside its video. */
const maskSuffix = /[_-](?:gt|mask|masks|seg|segmentation|label|labels)$/i;
/** Of nnU-Net: the first channel of a picture. */
const channelSuffix = /_(\d{4})$/;

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

export function folderOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

/** The path of a name in a folder that `folderOf` gave: '' is the one that all paths begin in. */
export function pathIn(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

/** The file's name without the ending of a format. */
export function stemOf(path: string): string {
  return baseName(path).replace(videoEnding, '').replace(pictureEnding, '');
}

export function mayBeVideo(path: string): boolean {
  return videoEnding.test(path) || !anyEnding.test(baseName(path));
}

export function isNamedAsMask(path: string): boolean {
  return maskEnding.test(path) && maskSuffix.test(stemOf(path));
}

/** By which a mask and its video find each other: without the suffixes of masks and of nnU-Net's first channel. */
export function pairingKey(path: string): string {
  return stemOf(path)
    .replace(maskSuffix, '')
    .replace(/_0000$/, '');
}

/** Channel number of an nnU-Net picture; undefined for other names. */
export function channelOf(path: string): number | undefined {
  const digits = channelSuffix.exec(stemOf(path))?.[1];
  return digits === undefined ? undefined : Number(digits);
}

const viewOfCode: Readonly<Record<string, string>> = { '2CH': 'a2c', '4CH': 'a4c', A2C: 'a2c', A4C: 'a4c' };

export interface RecordingName {
  readonly patient?: string;
  readonly view?: string;
}

/**
 * Patient and view in a file's name: CAMUS (`patient0001_2CH_...`) and EchoNet (`0X` and 16 hexadecimal digits; every
 * video is a patient of its own there). Nothing for names of other patterns: a guess would put frames of one patient
 * into two splits.
 */
export function recordingName(path: string): RecordingName {
  const stem = stemOf(path);
  const camus = /^(patient\d+)(?:_(2CH|4CH))?(?:_|$)/i.exec(stem);
  if (camus) {
    const view = camus[2] === undefined ? undefined : viewOfCode[camus[2].toUpperCase()];
    return { patient: camus[1]!.toLowerCase(), ...(view && { view }) };
  }
  const echonet = /^0X[0-9A-F]{8,16}/i.exec(stem);
  return echonet ? { patient: echonet[0].toUpperCase() } : {};
}
