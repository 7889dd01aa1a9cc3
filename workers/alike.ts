/**
 * Results are the same bit for bit only with one tensor back end and one number of threads. The first worker that
 * computes for a run states its own beside the run's configuration, and others that differ leave the run alone, unless
 * the configuration lets them.
 */
import { z } from 'zod';
import { findJson, readJson, writeJson } from '../activities/artefacts/json-artefact.ts';
import type { ActivityContext } from '../activities/context.ts';
import { RunConfigSchema } from '../contracts/run-config.ts';
import type { RunInput } from '../contracts/training-activities.ts';
import { ArtefactRefSchema } from '../ground/artefact-ref.ts';
import { DomainError } from '../ground/errors.ts';
import { runKeys } from '../storage/keys.ts';
import type { Activity } from './checked-input.ts';

const MachineSchema = z.strictObject({ backend: z.string(), threads: z.int().min(1) });
export type Machine = z.infer<typeof MachineSchema>;

/** The same activities, each of which first sees that this machine may compute for its run. */
export function alike<Name extends string>(
  activities: Readonly<Record<Name, Activity>>,
  machine: Machine,
): Record<Name, Activity> {
  /** Runs that this machine may compute for, and whether others may differ there. */
  const checkedRuns = new Map<string, { readonly mixed: boolean }>();
  const guard =
    (activity: Activity): Activity =>
    async (input, context) => {
      const { run, config } = input as RunInput;
      // A comparison that is planned brings its configuration along: nothing of a run is computed yet.
      if (!ArtefactRefSchema.safeParse(config).success) return activity(input, context);
      const name = config.sha256 + run;
      const { mixed } = checkedRuns.get(name) ?? (await refuseUnlike(input, machine, context));
      checkedRuns.set(name, { mixed });
      return activity(input, { ...context, firstHolds: mixed });
    };
  const names = Object.keys(activities) as Name[];
  return Object.fromEntries(names.map((name) => [name, guard(activities[name])])) as Record<Name, Activity>;
}

/** @throws DomainError HostUnfit, which is tried again elsewhere */
async function refuseUnlike(
  { run, config }: RunInput,
  machine: Machine,
  context: ActivityContext,
): Promise<{ readonly mixed: boolean }> {
  const { compute } = await readJson(context, config, RunConfigSchema);
  if (compute.mixed) return { mixed: true };
  const asked = { backend: compute.backend ?? machine.backend, threads: compute.threads ?? machine.threads };
  refuseOther(machine, asked, `The configuration of ${run} asks for`, 'Start a run that asks for another.');
  const key = runKeys.machine(run);
  refuseOther(
    machine,
    await statedFor(key, machine, config, context),
    `${run} is computed with`,
    `Set ECHOLOOP_COMPUTE_THREADS to the same number on all of its workers, or start it with compute.mixed; to let it go on with these, delete ${key} and ${key}.json in the store.`,
  );
  return { mixed: false };
}

/** What the run's first worker was. */
async function statedFor(
  key: string,
  machine: Machine,
  config: RunInput['config'],
  context: ActivityContext,
): Promise<Machine> {
  const stated = await findJson(context, key, MachineSchema);
  if (stated) return stated.value;
  try {
    await writeJson(context, key, machine, [config]);
    return machine;
  } catch (error) {
    // Another worker was first a moment ago, and differs.
    const other = await findJson(context, key, MachineSchema);
    if (other) return other.value;
    throw error;
  }
}

function refuseOther(machine: Machine, wanted: Machine, who: string, remedy: string): void {
  const spell = ({ backend, threads }: Machine): string => `${backend} and ${threads} threads`;
  if (spell(machine) === spell(wanted)) return;
  throw new DomainError(
    'HostUnfit',
    `${who} ${spell(wanted)}, and this worker has ${spell(machine)}. ${remedy}`,
  );
}
