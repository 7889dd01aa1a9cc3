/**
 * The log of a supervised process: one file that the process writes to itself, so that it goes on when the supervisor
 * is killed. When it grows too long its content moves to `<name>.log.1` and the file starts again; a few lines at
 * that moment may be lost.
 */
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { diskBudgets } from '../temporal.config.ts';

/** Moves a log that is longer than `longest` aside, where the disk has room for it. */
export function rotateLog(path: string, longest: number = diskBudgets.longestLogBytes): void {
  if (!existsSync(path) || statSync(path).size <= longest) return;
  try {
    copyFileSync(path, `${path}.1`);
  } catch {
    // No room for it: the log stays as it is until there is some.
    return;
  }
  // Emptied, not replaced: the process holds this very file open for appending.
  truncateSync(path);
}

/** Descriptor for appending to the log; the caller closes it. */
export function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true });
  rotateLog(path);
  return openSync(path, 'a', 0o600);
}

/** The last lines of a log, for a message; empty when there is none. */
export function lastLines(path: string, lines: number): string {
  if (!existsSync(path)) return '';
  const file = openSync(path, 'r');
  try {
    const { size } = statSync(path);
    const buffer = Buffer.alloc(Math.min(size, 8192));
    readSync(file, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } finally {
    closeSync(file);
  }
}
