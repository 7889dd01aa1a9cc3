/**
 * What the workers of a home folder have done, read from their logs: one line for each finished unit of work
 * (activities/context.ts).
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface WorkUnit {
  /** The activity that did it. */
  readonly activity: string;
  /** What was made, relative to the run, such as `pretraining/ steps 0-25`. */
  readonly made: string;
}

/** Finished units of a run in the order of each log. A line that a killed process left unfinished is no unit. */
export async function workDone(home: string, run: string): Promise<WorkUnit[]> {
  const folder = join(home, 'logs');
  const names = (await readdir(folder)).filter((name) => name.startsWith('worker-') && name.endsWith('.log'));
  const logs = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  return logs.flatMap((log) => log.split('\n').flatMap((line) => unitOf(line, `runs/${run}/`)));
}

function unitOf(line: string, root: string): WorkUnit[] {
  if (!line.includes('"work":')) return [];
  try {
    const { work, key } = JSON.parse(line) as { work?: unknown; key?: unknown };
    if (typeof work !== 'string' || typeof key !== 'string' || !key.startsWith(root)) return [];
    return [{ activity: work, made: key.slice(root.length) }];
  } catch {
    return [];
  }
}

/** The units that were done more than once, as text. */
export function doneTwice(units: readonly WorkUnit[]): string[] {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const { activity, made } of units) {
    const unit = `${activity} ${made}`;
    if (seen.has(unit)) twice.add(unit);
    seen.add(unit);
  }
  return [...twice];
}
