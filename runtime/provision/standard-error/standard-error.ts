/**
 * A small addon that puts a file in the place of standard error for a moment, built once for a machine. On Linux alone:
 * only there TensorFlow writes lines about itself that no setting silences, since it does so while its libraries are
 * loaded (see quiet-loading.ts).
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setupLimits } from '../../../temporal.config.ts';
import { cachedEntry } from '../cache-folder.ts';
import { runCommand } from '../run-command.ts';

const VERSION = 1;

/** The addon's file in the cache folder, there or not. */
export function standardErrorAddon(cache: string): string {
  return join(cache, `standard-error-${VERSION}-${process.platform}-${process.arch}.node`);
}

/** Builds the addon where it is absent. Does not throw: without it the lines are seen, and nothing else is lost. */
export async function ensureStandardErrorAddon(cache: string): Promise<void> {
  if (process.platform !== 'linux') return;
  const source = fileURLToPath(new URL('standard_error.cc', import.meta.url));
  await cachedEntry(standardErrorAddon(cache), async (scratch) => {
    const addon = join(scratch, 'addon.node');
    await runCommand(process.env.CXX || 'c++', ['-shared', '-fPIC', '-O1', '-o', addon, source], {
      timeoutMs: setupLimits.smallBuildMs,
    });
    return addon;
  }).catch(() => undefined);
}
