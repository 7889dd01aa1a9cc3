/** What is made of a video is called by the file's name without the endings of the formats that are read. */
import { basename } from 'node:path';

export function videoName(file: string): string {
  return basename(file).replace(/\.(nii\.gz|nii|dcm|dicom)$/i, '');
}
