/**
 * Several hosts that share nothing but the addresses of Temporal and the store, one of them with another patch of this
 * software: a run undisturbed on one host, then on two and on four whose workers are killed, frozen, sent away and
 * brought back, whose disks are full, and to which one of a strange version comes. It has to end by itself, with the
 * same bytes, each video counted once.
 */
import { fileURLToPath } from 'node:url';
import { textTable } from '../cli/text/text-table.ts';
import { randomStream } from '../ground/random.ts';
import { addTinyDatasets } from '../test/orchestration/tiny-run.ts';
import { type Cluster, openCluster, type PlannedHost } from './cluster/cluster.ts';
import { clusterConfig } from './cluster/configuration.ts';
import { type HappenedFault, runOn } from './cluster/disturbed-run.ts';
import { fullDisks, hostFaults } from './cluster/faults.ts';
import { otherVersions } from './cluster/installation.ts';
import { faultsOfVersions, visits } from './cluster/other-versions.ts';
import { digestsOf, faultsOfRun } from './cluster/run-artefacts.ts';
import { benchOptions, wholeNumber, wholeNumbers } from './shared/bench-options.ts';

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
const FAULT_EVERY_MS = 8000;

/** A run takes half a minute. */
const RUNS_OF_EACH = 3;
const UNDISTURBED = 'undisturbed';

export interface HostsRow {
  readonly run: string;
  readonly hosts: number;
  readonly seconds: number;
  readonly faults: readonly HappenedFault[];
  readonly artefacts: number;
  /** What is wrong with the run: why it failed, what differs, what is miscounted. */
  readonly wrong: readonly string[];
}

/** The undisturbed run on one host first; then several for each number of hosts. */
export async function benchHosts(
  numbers: readonly number[],
  seed: number,
  log: (line: string) => void,
): Promise<HostsRow[]> {
  const cluster = await openCluster({ hosts, strangers, hostDiskBytes: HOST_DISK_BYTES, log });
  try {
    await addTinyDatasets(cluster.store);
    const rows: HostsRow[] = [];
    const go = async (run: string, number: number, disturbing?: Disturbing): Promise<void> => {
      const row = await runOnHosts(cluster, run, number, { disturbing, log });
      log(`${run}: ${row.seconds.toFixed(0)} s, ${row.wrong.join('; ') || 'right'}`);
      rows.push(row);
    };
    await go(UNDISTURBED, 1);
    const expected = await digestsOf(cluster.store, UNDISTURBED);
    for (const number of numbers) {
      for (let i = 1; i <= RUNS_OF_EACH; i++) {
        await go(`hosts-${number}-${i}`, number, { seed, expected, isFirst: i === 1 });
      }
    }
    return rows;
  } finally {
    await cluster.close();
  }
}

interface Disturbing {
  readonly seed: number;
  /** What the undisturbed run made. */
  readonly expected: ReadonlyMap<string, string>;
  /** Of the runs on so many hosts: what has to happen once happens in it. */
  readonly isFirst: boolean;
}

async function runOnHosts(
  cluster: Cluster,
  run: string,
  number: number,
  { disturbing, log }: { readonly disturbing: Disturbing | undefined; readonly log: (line: string) => void },
): Promise<HostsRow> {
  const here = { hosts: cluster.hosts.slice(0, number) };
  for (const host of here.hosts) if (!host.isHere) await host.come();
  const disturbance = disturbing && {
    first: disturbing.isFirst ? [...visits(cluster.strangers), ...fullDisks(here)] : [],
    kinds: [...hostFaults(here), ...fullDisks(here)],
    random: randomStream(disturbing.seed, run),
    everyMs: FAULT_EVERY_MS,
  };
  const ended = await runOn(cluster, run, clusterConfig, {
    patienceMs: PATIENCE_MS,
    log,
    ...(disturbance && { disturbance }),
  });
  const found = await digestsOf(cluster.store, run);
  const { target } = clusterConfig;
  const wanted = { expected: disturbing?.expected ?? found, target };
  return {
    run,
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
  const values = benchOptions({
    json: { type: 'boolean' },
    seeds: { type: 'string', default: '1' },
    hosts: { type: 'string', default: '2,4' },
  });
  const rows = await benchHosts(
    wholeNumbers('--hosts', values.hosts),
    wholeNumber('--seeds', values.seeds, 0),
    (line) => console.error(line),
  );
  if (values.json) console.log(JSON.stringify(rows));
  else {
    const table = rows.map(({ run, hosts, seconds, faults, artefacts, wrong }) => [
      run,
      String(hosts),
      seconds.toFixed(0),
      String(faults.length),
      String(artefacts),
      wrong.join('; ') || 'nothing',
    ]);
    console.log(textTable(['run', 'hosts', 'seconds', 'faults', 'artefacts', 'what was wrong'], table));
    for (const { run, kind, seconds } of rows.flatMap(({ faults }) => faults))
      console.log(`${run}, ${seconds.toFixed(0)} s: ${kind}`);
    console.log(passed(rows) ? 'PASSED' : 'FAILED');
  }
  process.exitCode = passed(rows) ? 0 : 1;
}
