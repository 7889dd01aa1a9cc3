/**
 * `services.json` under the home folder: which processes a supervisor runs, written down so that others find and end
 * them.
 */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { domainErrorOf } from '../ground/errors.ts';
import { serviceLimits } from '../temporal.config.ts';
import { endProcess, isAlive, ProcessIdentitySchema } from './process-identity.ts';

const ServiceRecordSchema = z.object({
  supervisor: ProcessIdentitySchema,
  /** `ready` once every process answers. */
  state: z.enum(['starting', 'ready', 'stopping']),
  services: z.array(
    ProcessIdentitySchema.extend({
      name: z.string(),
      address: z.string().optional(),
      restarts: z.number().int(),
    }),
  ),
  /** Addresses that other processes connect to; the environment's names without secrets. */
  environment: z.record(z.string(), z.string()),
});
export type ServiceRecord = z.infer<typeof ServiceRecordSchema>;

function recordPath(home: string): string {
  return join(home, 'services.json');
}

/** What a supervisor last wrote down under `home`; undefined when there is none or it cannot be read. */
export async function readServiceRecord(home: string): Promise<ServiceRecord | undefined> {
  try {
    return ServiceRecordSchema.parse(JSON.parse(await readFile(recordPath(home), 'utf8')));
  } catch {
    return undefined;
  }
}

/** Replaces the record in one step. @throws DomainError DiskFull */
export async function writeServiceRecord(home: string, record: ServiceRecord): Promise<void> {
  await mkdir(home, { recursive: true });
  const fresh = `${recordPath(home)}.${process.pid}`;
  try {
    await writeFile(fresh, `${JSON.stringify(record, null, 2)}\n`);
    await rename(fresh, recordPath(home));
  } catch (error) {
    throw domainErrorOf(error, recordPath(home)) ?? error;
  }
}

export async function removeServiceRecord(home: string): Promise<void> {
  await rm(recordPath(home), { force: true });
}

/** The record of a supervisor that is alive. */
export async function liveRecord(home: string): Promise<ServiceRecord | undefined> {
  const record = await readServiceRecord(home);
  return record && isAlive(record.supervisor) ? record : undefined;
}

/**
 * Ends what a supervisor that was killed left running, and only that: a process counts when its id and start time are
 * those written down. Returns the names of what was ended.
 */
export async function endLeftovers(home: string): Promise<string[]> {
  const record = await readServiceRecord(home);
  if (!record || isAlive(record.supervisor)) return [];
  const left = record.services.filter((service) => isAlive(service));
  // Workers first, and each with its reverse order, as a living supervisor does.
  for (const service of left.toReversed()) await endProcess(service, serviceLimits.stopGraceMs);
  await removeServiceRecord(home);
  return left.map((service) => service.name);
}
