/**
 * Ids that say nothing of what they stand for: HMAC-SHA-256 under a key, so that nobody without it can try a list of
 * names or numbers, and the same thing has the same id on every day.
 */
import { createHmac } from 'node:crypto';

/** Hexadecimal digits kept: 64 bits, so that two of a million patients meet by chance once in 30 million datasets. */
const DIGITS = 16;

/** `<prefix>-<16 hexadecimal digits>`; parts are told apart, so that ["ab", "c"] and ["a", "bc"] differ. */
export function keyedId(prefix: string, parts: readonly string[], key: Uint8Array): string {
  const digest = createHmac('sha256', key).update(JSON.stringify(parts)).digest('hex');
  return `${prefix}-${digest.slice(0, DIGITS)}`;
}
