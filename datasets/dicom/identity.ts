/**
 * Which recordings are of one patient and one study, without saying of whom: identifiers leave the reader only as keyed
 * hashes (HMAC-SHA-256), which nobody without the hospital's key can make from a list of patient numbers.
 */
import type { DataSet } from 'dicom-parser';
import { DomainError } from '../../ground/errors.ts';
import { keyedId } from '../keyed-hash.ts';
import { tags, textOf } from './header-values.ts';

/** Bytes below which a key can be guessed. */
const LEAST_KEY = 16;

export interface RecordingGroups {
  /**
   * The same for all recordings of a patient; of a study where the header names no patient; undefined where it names
   * neither.
   */
  readonly patient: string | undefined;
  readonly study: string | undefined;
}

/** @throws ConfigInvalid for a key of fewer than 16 bytes */
export function groupsOf(header: DataSet, key: Uint8Array): RecordingGroups {
  if (key.length < LEAST_KEY) {
    throw new DomainError(
      'ConfigInvalid',
      `expected a key of at least ${LEAST_KEY} bytes for the hashes of patients and studies, found ${key.length}. ` +
        'Make one of 32 random bytes and keep it with the data.',
    );
  }
  // The kind is hashed too, so that a patient number can never hash as a study's.
  const hashed = (kind: string, ...parts: readonly string[]) => keyedId(kind, [kind, ...parts], key);
  const patientId = textOf(header, tags.patientId);
  const studyUid = textOf(header, tags.studyInstanceUid);
  const study = studyUid === '' ? undefined : hashed('study', studyUid);
  const patient =
    patientId === '' ? study : hashed('patient', patientId, textOf(header, tags.issuerOfPatientId));
  return { patient, study };
}
