/**
 * Which process is meant by a number written down earlier. A process id alone is reused by the system, so it is kept
 * with the process's start time; nothing is ever signalled whose start time differs.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { z } from 'zod';

export const ProcessIdentitySchema = z.object({
  pid: z.number().int().positive(),
  /** Opaque text that differs between two processes that had the same id. */
  startTime: z.string(),
});
export type ProcessIdentity = Readonly<z.infer<typeof ProcessIdentitySchema>>;

/** Start time of a live process as opaque text; undefined when there is none, or it is a zombie. */
export function startTimeOf(pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The second field is the command in parentheses and may hold spaces; fields 3 (state) and 22 (start) follow it.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' ? undefined : fields[19];
    } catch {
      return undefined;
    }
  }
  try {
    const text = execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return text === '' || text.startsWith('Z') ? undefined : text.replace(/^\S+\s+/, '');
  } catch {
    return undefined;
  }
}

/** True while the very process that was written down is alive. */
export function isAlive(identity: ProcessIdentity): boolean {
  return startTimeOf(identity.pid) === identity.startTime;
}

/** Sends a signal to the process group, or to the process where it leads none; only to the very process meant. */
function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(-identity.pid, signal);
  } catch {
    try {
      process.kill(identity.pid, signal);
    } catch {
      // Gone in the meantime, which is what was wanted.
    }
  }
}

/** Asks the process to end, and makes it after `graceMs`. Resolves once it is gone. */
export async function endProcess(identity: ProcessIdentity, graceMs: number): Promise<void> {
  signalProcess(identity, 'SIGTERM');
  const deadline = Date.now() + graceMs;
  while (isAlive(identity)) {
    if (Date.now() > deadline) signalProcess(identity, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
