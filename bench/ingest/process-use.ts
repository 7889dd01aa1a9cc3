/** What a process of this machine uses, its threads included, from Linux's /proc. */
import { readFile } from 'node:fs/promises';

export interface ProcessUse {
  readonly residentMib: number;
  readonly cpuSeconds: number;
}

const TICKS_PER_SECOND = 100;

/** Undefined once the process is gone. */
export async function processUse(pid: number): Promise<ProcessUse | undefined> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The name in brackets may hold spaces; user and system time are the 12th and 13th field after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const kibibytes = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? Number.NaN);
    if (Number.isNaN(kibibytes)) return undefined;
    return {
      residentMib: kibibytes / 1024,
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    };
  } catch {
    return undefined;
  }
}
