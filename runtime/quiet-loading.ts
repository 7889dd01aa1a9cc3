/**
 * Keeps lines that TensorFlow writes about itself from the terminal. Its libraries log while they are loaded, before
 * any setting of theirs is read: TF_CPP_MIN_LOG_LEVEL and what absl offers come too late, so standard error is a file
 * for as long as loading takes.
 */
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from './provision/cache-folder.ts';
import { standardErrorAddon } from './provision/standard-error/standard-error.ts';

interface StandardErrorAddon {
  /** Descriptor that standard error is kept under; -1 where nothing was changed. */
  replace(file: number): number;
  restore(kept: number): number;
}

/** What is news to nobody; every other line is passed on when loading is over. */
const startUpLine =
  /^(WARNING: All log messages before absl::InitializeLog|I\d{4} .*oneDNN custom operations are on)/;

/** Runs the work, which must end before it returns, without TensorFlow's start-up lines on standard error. */
export function loadQuietly<Result>(work: () => Result): Result {
  const addon = standardErrorAddon(cacheFolder());
  if (!existsSync(addon)) return work();
  const { replace, restore } = createRequire(import.meta.url)(addon) as StandardErrorAddon;
  const folder = mkdtempSync(join(tmpdir(), 'echoloop-'));
  const path = join(folder, 'stderr');
  const file = openSync(path, 'a', 0o600);
  const kept = replace(file);
  try {
    return work();
  } finally {
    if (kept >= 0) restore(kept);
    closeSync(file);
    const lines = readFileSync(path, 'utf8').split('\n');
    rmSync(folder, { recursive: true, force: true });
    const others = lines.filter((line) => !startUpLine.test(line)).join('\n');
    if (others !== '') writeSync(2, others);
  }
}
