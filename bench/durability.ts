/**
 * Whether a run survives the death of what it runs on: one small adaptation undisturbed and once more while its
 * processes are killed with -9 one after the other. It has to end by itself, do no unit of work twice and make the same
 * bytes.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { textTable } from '../cli/text/text-table.ts';
import type { RunConfig } from '../contracts/run-config.ts';
import { deploymentFrom } from '../runtime/deployment.ts';
import { up } from '../runtime/up.ts';
import { openStore } from '../storage/open-store.ts';
import type { ObjectStore } from '../storage/store.ts';
import { addTinyDatasets, tinyConfig } from '../test/orchestration/tiny-run.ts';
import { digestsOf } from './cluster/run-artefacts.ts';
import { type Kill, type PlannedKill, runAndKill } from './durability/killed-run.ts';
import { doneTwice } from './durability/work-done.ts';
import { benchOptions } from './shared/bench-options.ts';

export interface DurabilityReport {
  readonly seconds: { readonly undisturbed: number; readonly killed: number };
  readonly kills: readonly Kill[];
  readonly units: { readonly undisturbed: number; readonly killed: number };
  readonly doneTwice: readonly string[];
  /** SHA-256 of every network, mask, set of triples and training curve of the two runs, by key within the run. */
  readonly artefacts: readonly {
    readonly key: string;
    readonly undisturbed: string | undefined;
    readonly killed: string | undefined;
  }[];
  readonly passed: boolean;
}

/** Every process that may die, each in the middle of a work that it is needed for. */
export const everyProcess: readonly PlannedKill[] = [
  { victim: 'tensors', after: 'pretrainPolicy' },
  { victim: 'worker-control', after: 'fitShapeAutoencoder' },
  { victim: 'worker-io', after: 'scoreShard' },
  { victim: 's3', after: 'labelShard' },
  { victim: 'worker-compute', after: 'fitRewardNetwork' },
  { victim: 'temporal', after: 'fineTunePolicy' },
];

/** Checkpoints so close together that a training dies right after one and long before its end. */
const config: RunConfig = {
  ...tinyConfig(),
  training: { windowFrames: 4, checkpointEverySteps: 5, checkpointEverySeconds: 0 },
};

export interface DurabilityOptions {
  readonly kills: readonly PlannedKill[];
  /** How long one of the runs may take. */
  readonly patienceMs: number;
  readonly log: (line: string) => void;
}

/** Starts services and workers of its own in a temporary folder and ends them again. */
export async function benchDurability(options: DurabilityOptions): Promise<DurabilityReport> {
  const { kills, patienceMs, log } = options;
  const home = await mkdtemp(join(tmpdir(), 'echoloop-durability-'));
  // The workers inherit these: the log that units are counted in, and one thread, so that a busy machine changes no
  // number.
  process.env.ECHOLOOP_LOG_LEVEL = 'info';
  process.env.ECHOLOOP_COMPUTE_THREADS = '1';
  try {
    const services = await up({ deployment: deploymentFrom({ ECHOLOOP_HOME: home }), log });
    try {
      const store = openStore(services.deployment);
      await addTinyDatasets(store);
      const undisturbed = await runAndKill(services, 'undisturbed', config, [], patienceMs);
      log(`undisturbed: ${undisturbed.seconds.toFixed(1)} s`);
      const killed = await runAndKill(services, 'killed', config, kills, patienceMs);
      log(`killed: ${killed.seconds.toFixed(1)} s`);
      const artefacts = await compare(store);
      const report = {
        seconds: { undisturbed: undisturbed.seconds, killed: killed.seconds },
        kills: killed.kills,
        units: { undisturbed: undisturbed.units.length, killed: killed.units.length },
        doneTwice: doneTwice(killed.units),
        artefacts,
      };
      return { ...report, passed: report.doneTwice.length === 0 && differing(report).length === 0 };
    } finally {
      await services.stop();
    }
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

async function compare(store: ObjectStore): Promise<DurabilityReport['artefacts']> {
  const [undisturbed, killed] = [await digestsOf(store, 'undisturbed'), await digestsOf(store, 'killed')];
  return [...new Set([...undisturbed.keys(), ...killed.keys()])]
    .sort()
    .map((key) => ({ key, undisturbed: undisturbed.get(key), killed: killed.get(key) }));
}

/** Artefacts that only one run made or that have other bytes. */
export function differing({ artefacts }: Pick<DurabilityReport, 'artefacts'>): string[] {
  return artefacts.filter(({ undisturbed, killed }) => undisturbed !== killed).map(({ key }) => key);
}

/** The tables for people. */
export function reportText(report: DurabilityReport): string {
  const { seconds, units, kills, artefacts } = report;
  const different = differing(report);
  const short = (digest: string | undefined): string => digest?.slice(0, 16) ?? 'not made';
  return [
    textTable(
      ['killed with -9', 'after the first', 'second of the run'],
      kills.map(({ victim, after, seconds }) => [victim, after, seconds.toFixed(1)]),
    ),
    textTable(
      ['network', 'SHA-256 undisturbed', 'killed', 'same'],
      artefacts
        .filter(({ key }) => key.endsWith('.safetensors'))
        .map(({ key, undisturbed, killed }) => [
          key,
          short(undisturbed),
          short(killed),
          undisturbed === killed ? 'yes' : 'NO',
        ]),
    ),
    `undisturbed ${seconds.undisturbed.toFixed(1)} s and ${units.undisturbed} units of work, killed ${seconds.killed.toFixed(1)} s and ${units.killed}; ` +
      `done twice: ${report.doneTwice.join(', ') || 'none'}`,
    `${artefacts.length} networks, masks, triples and curves, of which ${different.length} differ${different.length ? `: ${different.join(', ')}` : ''}`,
    report.passed ? 'PASSED' : 'FAILED',
  ].join('\n\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const values = benchOptions({ json: { type: 'boolean' } });
  const report = await benchDurability({
    kills: everyProcess,
    patienceMs: 600_000,
    log: (line) => console.error(line),
  });
  if (values.json) console.log(JSON.stringify(report));
  else console.log(reportText(report));
  process.exitCode = report.passed ? 0 : 1;
}
