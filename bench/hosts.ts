/**
 * Several hosts that share nothing but the addresses of Temporal and the store, one of them with another patch of this
 * software: a run undisturbed on one host, then on two and on four whose workers are killed, frozen, sent away and
 * brought back, whose disks are full, and to which one of a strange version comes. It has to end by itself, with the
 * same bytes, each video counted once.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { textTable } from '../cli/text/text-table.ts';
import { randomStream } from '../ground/random.ts';
import { addTinyDatasets } from '../test/orchestration/tiny-run.ts';
import { type Cluster, openCluster, type PlannedHost } from './cluster/cluster.ts';
import { clusterConfig } from './cluster/configuration.ts';
import { type HappenedFault, runOn } from './cluster/disturbed-run.ts';
import { hostFaults } from './cluster/faults.ts';
import { otherVersions } from './cluster/installation.ts';
import { faultsOfVersions, visits } from './cluster/other-versions.ts';
import { digestsOf, faultsOfRun } from './cluster/run-artefacts.ts';

const { patch, stranger } = otherVersions();
const hosts: readonly PlannedHost[] = [
  { roles: ['control', 'io', 'compute'] },
  { roles: ['control', 'io', 'compute'], version: patch },
  { roles: ['io', 'compute'] },
  { roles: ['control', 'compute'] },
];
const strangers: readonly PlannedHost[] = [{ roles: ['control', 'io', 'compute'], version: stranger }];
/** A worker needs half a gigabyte free. */
const HOST_DISK_BYTES = 8e8;
const PATIENCE_MS = 1_800_000;
const FAULT_EVERY_MS = 20_000;

export interface HostsRow {
  readonly hosts: number;
  readonly seconds: number;
  readonly faults: readonly HappenedFault[];
  readonly artefacts: number;
  /** What is wrong with the run: why it failed, what differs, what is miscounted. */
  readonly wrong: readonly string[];
}

/** The undisturbed run on one host first; then one row for each number of hosts. */
export async function benchHosts(
  numbers: readonly number[],
  seed: number,
  log: (line: string) => void,
): Promise<HostsRow[]> {
  const cluster = await openCluster({ hosts, strangers, hostDiskBytes: HOST_DISK_BYTES, log });
  try {
    await addTinyDatasets(cluster.store);
    const rows: HostsRow[] = [];
    for (const number of [1, ...numbers]) {
      const undisturbed = rows[0] ? await digestsOf(cluster.store, 'hosts-1') : undefined;
      const row = await runOnHosts(cluster, number, { seed, undisturbed, log });
      log(`${number} hosts: ${row.seconds.toFixed(0)} s, ${row.wrong.join('; ') || 'right'}`);
      rows.push(row);
    }
    return rows;
  } finally {
    await cluster.close();
  }
}

interface HostsTask {
  readonly seed: number;
  /** What the undisturbed run made; without it, this is that run. */
  readonly undisturbed: ReadonlyMap<string, string> | undefined;
  readonly log: (line: string) => void;
}

async function runOnHosts(
  cluster: Cluster,
  number: number,
  { seed, undisturbed, log }: HostsTask,
): Promise<HostsRow> {
  const here = cluster.hosts.slice(0, number);
  const run = `hosts-${number}`;
  for (const host of here) if (!host.isHere) await host.come();
  const random = randomStream(seed, 'hosts', number);
  const disturbance = {
    first: visits(cluster.strangers),
    kinds: hostFaults({ hosts: here }),
    random,
    everyMs: FAULT_EVERY_MS,
  };
  const ended = await runOn(cluster, run, clusterConfig, {
    patienceMs: PATIENCE_MS,
    log,
    ...(undisturbed && { disturbance }),
  });
  const found = await digestsOf(cluster.store, run);
  const { target } = clusterConfig;
  const wanted = { expected: undisturbed ?? found, target };
  return {
    hosts: number,
    seconds: ended.seconds,
    faults: ended.faults,
    artefacts: found.size,
    wrong: [
      ...(await faultsOfRun(cluster.store, { run, ...ended }, wanted)),
      ...(await faultsOfVersions(cluster, run)),
    ],
  };
}

/** Same bytes, each video once. */
export function passed(rows: readonly HostsRow[]): boolean {
  return rows.every(({ wrong }) => wrong.length === 0);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean' },
      seeds: { type: 'string', default: '1' },
      hosts: { type: 'string', default: '2,4' },
    },
  });
  const rows = await benchHosts(values.hosts.split(',').map(Number), Number(values.seeds), (line) =>
    console.error(line),
  );
  if (values.json) console.log(JSON.stringify(rows));
  else {
    const table = rows.map(({ hosts, seconds, faults, artefacts, wrong }) => [
      String(hosts),
      seconds.toFixed(0),
      String(faults.length),
      String(artefacts),
      wrong.join('; ') || 'nothing',
    ]);
    console.log(textTable(['hosts', 'seconds', 'faults', 'artefacts', 'what was wrong'], table));
    for (const { run, kind, seconds } of rows.flatMap(({ faults }) => faults))
      console.log(`${run}, ${seconds.toFixed(0)} s: ${kind}`);
    console.log(passed(rows) ? 'PASSED' : 'FAILED');
  }
  process.exitCode = passed(rows) ? 0 : 1;
}
