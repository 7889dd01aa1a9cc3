/** Memory and processor time of processes while they work, and of those that took their place. */
import { readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;
const EVERY_MS = 1000;

export interface Usage {
  readonly cpuSeconds: number;
  /** Resident, MB, at a tenth of the time, at half of it and at the end, and the most. */
  readonly megabytes: {
    readonly early: number;
    readonly middle: number;
    readonly late: number;
    readonly most: number;
  };
}

interface Seen {
  /** Of processes that are gone. */
  cpuBefore: number;
  cpuNow: number;
  pid: number | undefined;
  readonly megabytes: number[];
}

export interface Watch {
  /** Usage by name so far. */
  usage(): Record<string, Usage>;
  stop(): void;
}

/** @param pidsOf the process of each name at the moment; one that was started again has another. */
export function watchProcesses(pidsOf: () => Readonly<Record<string, number | undefined>>): Watch {
  const seen = new Map<string, Seen>();
  const first = new Map<string, number>();
  const look = (): void => {
    for (const [name, pid] of Object.entries(pidsOf())) {
      const now = pid === undefined ? undefined : statusOf(pid);
      if (!now) continue;
      const entry = seen.get(name) ?? { cpuBefore: 0, cpuNow: 0, pid, megabytes: [] };
      // What it took to start does not count for the first one, as it is there before the work.
      if (!seen.has(name)) first.set(name, now.cpuSeconds);
      if (entry.pid !== pid) {
        entry.cpuBefore += entry.cpuNow;
        entry.pid = pid;
      }
      entry.cpuNow = now.cpuSeconds;
      entry.megabytes.push(now.megabytes);
      seen.set(name, entry);
    }
  };
  look();
  const timer = setInterval(look, EVERY_MS);
  return {
    stop: () => clearInterval(timer),
    usage() {
      look();
      return Object.fromEntries(
        [...seen].map(([name, { cpuBefore, cpuNow, megabytes }]) => {
          const at = (share: number): number => megabytes[Math.floor(share * (megabytes.length - 1))]!;
          return [
            name,
            {
              cpuSeconds: cpuBefore + cpuNow - (first.get(name) ?? 0),
              megabytes: { early: at(0.1), middle: at(0.5), late: at(1), most: Math.max(...megabytes) },
            },
          ];
        }),
      );
    },
  };
}

/** Processor time that a process has taken; undefined when there is none. */
export function cpuSecondsOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  } catch {
    return undefined;
  }
}

function statusOf(pid: number): { cpuSeconds: number; megabytes: number } | undefined {
  try {
    const cpuSeconds = cpuSecondsOf(pid);
    const resident = /VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    // One that has just died has no memory.
    if (resident === undefined || cpuSeconds === undefined) return undefined;
    return { cpuSeconds, megabytes: Math.round(Number(resident) / 1024) };
  } catch {
    return undefined;
  }
}
