/**
 * Names of patients as ids that say nothing: HMAC-SHA-256 under a key of the dataset, so that nobody without it can
 * try a list of names, and the same patient is the same study on every day.
 */
import { createHmac } from 'node:crypto';

/** Hexadecimal digits kept: 64 bits, so that two of a million patients meet by chance once in 30 million datasets. */
const DIGITS = 16;

/** The same name under the same key gives the same id; 16 bytes of key or more. */
export function studyPseudonym(patient: string, key: Uint8Array): string {
  const digest = createHmac('sha256', key)
    .update(JSON.stringify(['name', patient]))
    .digest('hex');
  return `patient-${digest.slice(0, DIGITS)}`;
}
