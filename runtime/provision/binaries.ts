/**
 * The binaries of the embedded services, in the order of architecture.md: PATH, cache, the vendor's own download, `go
 * install`.
 */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { DomainError } from '../../ground/errors.ts';
import { setupLimits } from '../../temporal.config.ts';
import { cachedEntry } from './cache-folder.ts';
import { findGo, missingGo } from './machine.ts';
import type { Progress } from './progress.ts';
import { firstThatRuns, runCommand } from './run-command.ts';

export interface ServiceBinary {
  /** Command name, on PATH and in the cache. */
  readonly name: string;
  readonly module: string;
  readonly version: string;
  /** Arguments that print the version and end. */
  readonly versionArguments: readonly string[];
  /** Environment variable that names the service to use instead. */
  readonly addressVariable: string;
  /** The vendor's own download into a folder; returns the binary's path, or undefined when it is not to be had. */
  readonly download?: (folder: string) => Promise<string | undefined>;
}

export interface FoundBinary {
  readonly path: string;
  readonly origin: 'PATH' | 'cache';
}

function cachedPath(binary: ServiceBinary, cache: string): string {
  return join(cache, 'bin', `${binary.name}-${binary.version}-${process.platform}-${process.arch}`);
}

/** The binary if it is at hand, without getting it. One on PATH counts when it runs. */
export async function findBinary(binary: ServiceBinary, cache: string): Promise<FoundBinary | undefined> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, binary.name);
    if (folder && existsSync(path) && (await firstThatRuns([path], binary.versionArguments)))
      return { path, origin: 'PATH' };
  }
  const path = cachedPath(binary, cache);
  return existsSync(path) ? { path, origin: 'cache' } : undefined;
}

async function build(binary: ServiceBinary, folder: string, progress: Progress): Promise<string> {
  const go = await findGo();
  if (!go) {
    throw new DomainError(
      'BackendMissing',
      `${binary.name} is not on PATH, not in the cache and could not be downloaded; and ${missingGo.what}. ` +
        `Either put a ${binary.name} binary on PATH, or ${missingGo.remedy}, or set ${binary.addressVariable} to a service that runs elsewhere.`,
    );
  }
  await progress.step(`building ${binary.name} ${binary.version} with Go (minutes, once)`, () =>
    runCommand(go, ['install', `${binary.module}@${binary.version}`], {
      // Left empty, these make a native build; a set GOOS would put the binary into a subfolder.
      environment: {
        GOBIN: folder,
        GOFLAGS: '-trimpath',
        GOOS: undefined,
        GOARCH: undefined,
        CGO_ENABLED: '0',
      },
      timeoutMs: setupLimits.buildMs,
    }),
  );
  return join(folder, binary.name);
}

/**
 * The binary, got in one way or another.
 * @throws DomainError BackendMissing that says what to install.
 */
export async function ensureBinary(
  binary: ServiceBinary,
  cache: string,
  progress: Progress,
): Promise<FoundBinary> {
  const found = await findBinary(binary, cache);
  if (found) return found;
  const path = await cachedEntry(
    cachedPath(binary, cache),
    async (scratch) => {
      if (binary.download) {
        const folder = join(scratch, 'download');
        await mkdir(folder);
        const downloaded = await binary.download(folder);
        if (downloaded) return downloaded;
        progress.say(`  ${binary.name}: the vendor's download is out of reach, so it is built from source`);
      }
      return await build(binary, scratch, progress);
    },
    () => progress.say(`  another set-up is preparing ${binary.name}; waiting for it`),
  );
  return { path, origin: 'cache' };
}
