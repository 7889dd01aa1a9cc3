/** How the tensor process ended, for the person who reads it, and whether it ended at all. */
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { DomainError } from '../ground/errors.ts';

/**
 * Waits for a process that was told to end, or was killed.
 * @throws DomainError HostUnfit when it is still there after `withinMs`: nothing ends a process that its device holds
 * in the kernel
 */
export function exitOf(child: ChildProcess, withinMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    const late = setTimeout(
      () =>
        reject(
          new DomainError(
            'HostUnfit',
            `The tensor process ${child.pid} was killed and is still there after ${withinMs / 1000} s: its device does not let it go. Look at the device and its driver; this machine may have to be started anew.`,
          ),
        ),
      withinMs,
    );
    child.once('exit', () => {
      clearTimeout(late);
      resolve();
    });
  });
}

export function describeExit(
  code: number | null,
  signal: NodeJS.Signals | null,
  outOfMemory: boolean,
): string {
  if (outOfMemory) {
    return 'the operating system killed it because memory ran out. Use smaller windows, a smaller network, or a machine with more memory';
  }
  if (signal === 'SIGKILL') {
    return 'it was killed (SIGKILL), which is what the operating system does when memory runs out, and what a person does by hand';
  }
  if (signal === 'SIGSEGV') return 'it was ended by SIGSEGV, a defect in native code';
  return signal ? `it was ended by ${signal}` : `it exited with code ${code}`;
}

/** Kills for lack of memory so far in this control group; 0 where the system does not tell. */
export function outOfMemoryKills(): number {
  try {
    return Number(/^oom_kill (\d+)$/m.exec(readFileSync('/sys/fs/cgroup/memory.events', 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
