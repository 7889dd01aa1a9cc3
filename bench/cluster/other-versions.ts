/** Hosts of other versions in a cluster: one that is not understood takes no work, one that is works like any other. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkerRole } from '../../contracts/task-queues.ts';
import { codeVersion } from '../../runtime/installation.ts';
import { workDone } from '../durability/work-done.ts';
import type { Cluster } from './cluster.ts';
import type { FaultKind } from './faults.ts';
import type { Host } from './host.ts';

const REFUSAL = /takes no work: its proof of the other workers failed\..*do not understand each other/g;
const LET_IN = 'this host is fit';
const LOOK_EVERY_MS = 250;
/** For a worker to start and to find out, on a busy machine. */
const REFUSED_WITHIN_MS = 180_000;

/** Each of them comes, and goes once all of its workers have taken themselves out. */
export function visits(strangers: readonly Host[]): FaultKind[] {
  return strangers.map((stranger) => () => ({
    kind: `${stranger.name} of version ${stranger.version} comes and takes itself out`,
    lastsMs: 0,
    begin: async () => {
      const before = await Promise.all(stranger.roles.map((role) => refusals(stranger, role)));
      await stranger.come();
      await Promise.all(stranger.roles.map((role, i) => untilRefused(stranger, role, before[i]!)));
    },
    end: () => stranger.leave(),
  }));
}

/** What is wrong with who worked on the run: strangers must not have, hosts of another version must. */
export async function faultsOfVersions(
  { hosts, strangers }: Pick<Cluster, 'hosts' | 'strangers'>,
  run: string,
): Promise<string[]> {
  const problems: string[] = [];
  for (const host of strangers) {
    for (const role of host.roles) {
      const said = await host.log(role);
      if (said.includes(LET_IN)) problems.push(`the ${role} worker of ${nameOf(host)} was let in`);
    }
  }
  for (const host of hosts) {
    if (!host.isHere || host.version === codeVersion()) continue;
    if ((await workDone(host.folder, run)).length === 0) problems.push(`${nameOf(host)} did nothing`);
  }
  return problems;
}

/** @throws Error when it is let in, or does not say in time why not */
async function untilRefused(host: Host, role: WorkerRole, before: number): Promise<void> {
  const deadline = performance.now() + REFUSED_WITHIN_MS;
  while ((await refusals(host, role)) <= before) {
    const letIn = (await host.log(role)).includes(LET_IN);
    if (letIn || performance.now() > deadline) {
      throw new Error(
        `The ${role} worker of ${nameOf(host)} ${letIn ? 'was let in' : 'did not refuse to work'} beside version ${codeVersion()}.`,
      );
    }
    await sleep(LOOK_EVERY_MS);
  }
}

async function refusals(host: Host, role: WorkerRole): Promise<number> {
  return (await host.log(role)).match(REFUSAL)?.length ?? 0;
}

function nameOf({ name, version }: Host): string {
  return `${name}, of version ${version},`;
}
