/**
 * Errors of the DICOM reader. None holds a value of the header but codes that the standard defines: the rest may name a
 * patient.
 */
import { DomainError } from '../../ground/errors.ts';

/** Pixels or a header that cannot be right. `detail` says what was expected and what was found. */
export function damaged(name: string, detail: string, cause?: unknown): DomainError {
  return new DomainError(
    'DatasetInvalid',
    `${name}: ${detail} Export the recording again.`,
    {},
    cause instanceof Error ? { cause } : {},
  );
}

export function unsupported(name: string, detail: string): DomainError {
  return new DomainError('FormatUnsupported', `${name}: ${detail}`);
}

/** A sound object of another kind, such as a report, which an export has beside its recordings. */
export function notRecording(name: string, title: string): DomainError {
  const detail = `this is ${title}, not a recording. Nothing is wrong with it; leave it out.`;
  return new DomainError('FormatUnsupported', `${name}: ${detail}`, { isRecording: false });
}

/** A sound stream of a kind that nothing here decodes; its message ends the sentence "expected ..., found". */
export class UnsupportedStream extends Error {}

/** A code of the standard (a UID, a coded string) as a message may show it; anything else might be somebody's name. */
export function shownCode(value: string): string {
  if (value === '') return 'none';
  return /^[0-9.]{1,64}$/.test(value) || /^[A-Z0-9_ ]{1,16}$/.test(value) ? value : 'a value that is no code';
}
