/**
 * Folders for what a process needs on disk while it lives. It removes them itself; a process that was killed cannot, so
 * a folder's name says whose it is, and whoever starts later removes those whose owner is gone.
 */
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTimeOf } from './process-identity.ts';

const PREFIX = 'echoloop-scratch';
const NAME = /^echoloop-scratch-([^-]+)-(\d+)-([^-]+)-[^-]+$/;

/** A new folder of this process under the system's folder for such; whoever asked for it removes it. */
export function makeScratchFolder(parent: string = tmpdir()): string {
  const owner = [whichProcesses(), process.pid, inName(startTimeOf(process.pid) ?? '')];
  return mkdtempSync(join(parent, `${[PREFIX, ...owner].join('-')}-`));
}

/**
 * Removes the folders of processes that are gone. Returns how many; what cannot be removed is left for the next time.
 */
export function sweepScratchFolders(parent: string = tmpdir()): number {
  let swept = 0;
  for (const name of readdirSync(parent)) {
    const [, processes, pid, startTime] = NAME.exec(name) ?? [];
    // Numbers of another container's processes say nothing here about who is alive.
    if (pid === undefined || processes !== whichProcesses()) continue;
    const now = startTimeOf(Number(pid));
    if (now !== undefined && inName(now) === startTime) continue;
    try {
      rmSync(join(parent, name), { recursive: true, force: true });
      swept++;
    } catch {
      // Of another user, or being removed by another process.
    }
  }
  return swept;
}

/** Which set of process numbers this process's own belongs to. */
function whichProcesses(): string {
  try {
    return inName(readlinkSync('/proc/self/ns/pid'));
  } catch {
    return 'host';
  }
}

/** Without what separates the parts of a name. */
function inName(text: string): string {
  return text.replaceAll(/\W+/g, '_') || 'unknown';
}
