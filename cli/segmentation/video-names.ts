/** What the outputs of a video are called: the file's name without the endings of the formats that are read. */
import { basename } from 'node:path';
import { DomainError } from '../../contracts/errors.ts';

export function videoName(file: string): string {
  return basename(file).replace(/\.(nii\.gz|nii|dcm|dicom)$/i, '');
}

/** @throws DomainError ConfigInvalid when two videos would be written to one name. */
export function requireDistinctNames(files: readonly string[]): void {
  const seen = new Map<string, string>();
  for (const file of files) {
    const name = videoName(file);
    const other = seen.get(name);
    if (other !== undefined) {
      throw new DomainError(
        'ConfigInvalid',
        `${other} and ${file} would both be written to ${name}.nii.gz. Segment them into two folders.`,
      );
    }
    seen.set(name, file);
  }
}
