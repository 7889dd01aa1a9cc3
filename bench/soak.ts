/**
 * Run after run on two hosts, one with another patch of this software, for some minutes, while every 8 s something
 * random happens to a process, to Temporal, to the store, to the way there, to a disk, a host of a strange version
 * comes, or a person pauses the run. Each run has to end by itself with the bytes of an undisturbed one and each video
 * counted once; at the end one is stopped just after a worker was killed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readRun, runResult, startAdaptation } from '../app/runs/adaptation-client.ts';
import { steerRun } from '../app/runs/run-orders.ts';
import { textTable } from '../cli/text/text-table.ts';
import type { WorkerRole } from '../contracts/task-queues.ts';
import { type RandomStream, randomStream } from '../ground/random.ts';
import { addTinyDatasets } from '../test/orchestration/tiny-run.ts';
import { type Cluster, openCluster } from './cluster/cluster.ts';
import { clusterConfig } from './cluster/configuration.ts';
import { type HappenedFault, runOn } from './cluster/disturbed-run.ts';
import { fullDisks, hostFaults, pausing, serviceFaults } from './cluster/faults.ts';
import { otherVersions } from './cluster/installation.ts';
import { faultsOfVersions, visits } from './cluster/other-versions.ts';
import { digestsOf, faultsOfRun } from './cluster/run-artefacts.ts';
import { benchOptions, positiveNumber, wholeNumber } from './shared/bench-options.ts';

const ROLES: readonly WorkerRole[] = ['control', 'io', 'compute'];
const UNDISTURBED = 'undisturbed';
const FAULT_EVERY_MS = 8000;
/** Of a single run, however it is disturbed. */
const PATIENCE_MS = 1_800_000;
/** A run stores some 30 MB, and many go one after the other. */
const STORE_DISK_BYTES = 8e8;
/** A worker needs half a gigabyte free. */
const HOST_DISK_BYTES = 8e8;

export interface SoakRun {
  readonly run: string;
  readonly seconds: number;
  readonly faults: readonly HappenedFault[];
  /** What is wrong with it: why it failed, what differs, what is miscounted. */
  readonly wrong: readonly string[];
}

export interface SoakReport {
  readonly seed: number;
  readonly artefacts: number;
  readonly undisturbedSeconds: number;
  readonly runs: readonly SoakRun[];
  /** Whether disks could be filled. */
  readonly disksFilled: boolean;
  readonly passed: boolean;
}

/** @throws Error when a run does not end, or an order to one fails */
export async function benchSoak(
  minutes: number,
  seed: number,
  log: (line: string) => void,
): Promise<SoakReport> {
  const { patch, stranger } = otherVersions();
  const cluster = await openCluster({
    hosts: [{ roles: ROLES }, { roles: ROLES, version: patch }],
    strangers: [{ roles: ROLES, version: stranger }],
    hostDiskBytes: HOST_DISK_BYTES,
    storeDiskBytes: STORE_DISK_BYTES,
    log,
  });
  try {
    await addTinyDatasets(cluster.store);
    for (const host of cluster.hosts) await host.come();
    const undisturbed = await runOn(cluster, UNDISTURBED, clusterConfig, { patienceMs: PATIENCE_MS, log });
    const expected = await digestsOf(cluster.store, UNDISTURBED);
    log(`undisturbed: ${undisturbed.seconds.toFixed(0)} s`);
    const random = randomStream(seed, 'soak');
    const until = performance.now() + minutes * 60_000;
    const runs: SoakRun[] = [];
    while (performance.now() < until) {
      const one = await soakedRun(cluster, `soak-${runs.length + 1}`, { random, expected, log });
      log(
        `${one.run}: ${one.seconds.toFixed(0)} s, ${one.faults.length} faults, ${one.wrong.join('; ') || 'right'}`,
      );
      runs.push(one);
    }
    await stopAfterKill(cluster);
    return {
      seed,
      artefacts: expected.size,
      undisturbedSeconds: undisturbed.seconds,
      runs,
      disksFilled: cluster.storeDisk !== undefined,
      passed: runs.every(({ wrong }) => wrong.length === 0),
    };
  } finally {
    await cluster.close();
  }
}

interface Soak {
  readonly random: RandomStream;
  /** Of the undisturbed run. */
  readonly expected: ReadonlyMap<string, string>;
  readonly log: (line: string) => void;
}

async function soakedRun(cluster: Cluster, run: string, { random, expected, log }: Soak): Promise<SoakRun> {
  const kinds = [
    ...hostFaults(cluster),
    ...fullDisks(cluster),
    ...visits(cluster.strangers),
    ...serviceFaults(cluster),
    pausing(cluster.client, run),
  ];
  const ended = await runOn(cluster, run, clusterConfig, {
    disturbance: { kinds, random, everyMs: FAULT_EVERY_MS },
    patienceMs: PATIENCE_MS,
    log,
  });
  const { target } = clusterConfig;
  const wrong = [
    ...(await faultsOfRun(cluster.store, { run, ...ended }, { expected, target })),
    ...(await faultsOfVersions(cluster, run)),
  ];
  return { run, seconds: ended.seconds, faults: ended.faults, wrong };
}

/** Stops a run whose workers were killed the moment before. @throws Error when that fails it */
async function stopAfterKill({ client, hosts }: Cluster): Promise<void> {
  const run = 'stopped';
  await startAdaptation(client, { run, config: clusterConfig });
  while (((await readRun(client, run)).progress?.iteration ?? 0) < 1) await sleep(1000);
  for (const host of hosts) host.signal('compute', 'SIGKILL');
  await steerRun(client, run, 'stop');
  const { stopped } = await runResult(client, run);
  if (!stopped) throw new Error(`The run ${run} went on to its end although it was told to stop.`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const values = benchOptions({
    json: { type: 'boolean' },
    minutes: { type: 'string', default: '15' },
    seeds: { type: 'string', default: '1' },
  });
  const report = await benchSoak(
    positiveNumber('--minutes', values.minutes),
    wholeNumber('--seeds', values.seeds, 0),
    (line) => console.error(line),
  );
  if (values.json) console.log(JSON.stringify(report));
  else {
    const table = report.runs.map(({ run, seconds, faults, wrong }) => [
      run,
      seconds.toFixed(0),
      String(faults.length),
      wrong.join('; ') || 'nothing',
    ]);
    console.log(textTable(['run', 'seconds', 'faults', 'what was wrong'], table));
    for (const { run, kind, seconds } of report.runs.flatMap(({ faults }) => faults))
      console.log(`${run}, ${seconds.toFixed(0)} s: ${kind}`);
    if (!report.disksFilled) console.log('No disk could be mounted here: none was filled.');
    console.log(report.passed ? 'PASSED' : 'FAILED');
  }
  process.exitCode = report.passed ? 0 : 1;
}
