/**
 * The folder of what was downloaded or built once for every clone on this machine: ECHOLOOP_CACHE, or the user's cache
 * folder. An entry appears by one atomic rename when it is whole, so an interrupted set-up leaves nothing half made
 * behind.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { setupLimits } from '../../temporal.config.ts';
import { withFileLock } from '../file-lock.mjs';

/** Absolute path of the cache folder; it need not exist yet. */
export function cacheFolder(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  if (environment.ECHOLOOP_CACHE) return resolve(environment.ECHOLOOP_CACHE);
  return join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'echoloop');
}

/** Removes what interrupted set-ups left; only what is a day old, since a younger one may still be at work. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith('.making-')) continue;
    const path = join(folder, name);
    const information = await stat(path).catch(() => undefined);
    if (information && Date.now() - information.mtimeMs > setupLimits.abandonedAfterMs)
      await rm(path, { recursive: true, force: true });
  }
}

/**
 * The entry at `path` (a file or a folder), made by `make` when it is absent. `make` gets an empty scratch folder
 * beside it and returns the path in there that becomes the entry. Two processes at once make it once.
 */
export async function cachedEntry(
  path: string,
  make: (scratch: string) => Promise<string>,
  onWait: () => void = () => {},
): Promise<string> {
  if (existsSync(path)) return path;
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  return await withFileLock(
    join(folder, `.${basename(path)}.lock`),
    async () => {
      if (existsSync(path)) return path;
      await removeAbandoned(folder);
      const scratch = await mkdtemp(join(folder, '.making-'));
      try {
        const made = await make(scratch);
        await rename(made, path).catch((error: unknown) => {
          // A lock broken by mistake: the other process was first, and its entry is as good.
          if (!existsSync(path)) throw error;
        });
      } finally {
        await rm(scratch, { recursive: true, force: true });
      }
      return path;
    },
    onWait,
  );
}
