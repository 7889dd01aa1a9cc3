/** Names of patients as ids that say nothing: the same patient is the same study on every day. */
import { keyedId } from './keyed-hash.ts';

/** The same name under the same key gives the same id; 16 bytes of key or more. */
export function studyPseudonym(patient: string, key: Uint8Array): string {
  return keyedId('patient', ['name', patient], key);
}
