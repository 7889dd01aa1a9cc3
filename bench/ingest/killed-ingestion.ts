/**
 * One folder through `echoloop ingest`, as processes of its own: killed with -9 half-way, then run again. Every good
 * file has to be in the dataset once, every broken one set aside with its reason, and nothing converted a second time.
 */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { IngestedVideo } from '../../app/datasets/ingest-videos.ts';
import { readManifest } from '../../app/datasets/stored-dataset.ts';
import { commandScript } from '../../runtime/installation.ts';
import type { Embedded } from '../../runtime/services/embedded.ts';
import { datasetKeys } from '../../storage/keys.ts';
import { openStore } from '../../storage/open-store.ts';
import type { ObjectStore } from '../../storage/store.ts';
import { type ProcessUse, processUse } from './process-use.ts';
import type { MadeFiles } from './recordings.ts';

export interface KilledIngestion {
  /** Recordings in the store when the first process was killed. */
  readonly storedBeforeKill: number;
  /** Of the second process. */
  readonly resumed: {
    readonly known: number;
    readonly converted: number;
    readonly quarantined: number;
    readonly exitCode: number | null;
  };
  /** Of both processes together. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Largest resident size in each quarter of the time of either process, in MiB. */
  readonly peakMibByQuarter: { readonly killed: readonly number[]; readonly resumed: readonly number[] };
  /** What is not as it has to be; empty when all is. */
  readonly problems: readonly string[];
}

const LOOK_EVERY_MS = 100;

interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly seconds: number;
  readonly uses: readonly ProcessUse[];
}

/** Runs the command until it ends, or until `isEnough` says so: then it is killed. */
async function runIngest(
  embedded: Embedded,
  folder: string,
  dataset: string,
  isEnough: () => Promise<boolean>,
): Promise<Ended> {
  const started = performance.now();
  const child = spawn(process.execPath, [commandScript, 'ingest', folder, '--dataset', dataset, '--json'], {
    env: { ...process.env, ...embedded.environment },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  let exitCode: number | null | undefined;
  const closed = new Promise<void>((resolve) => {
    child.once('close', (code) => {
      exitCode = code;
      resolve();
    });
  });
  const uses: ProcessUse[] = [];
  while (exitCode === undefined) {
    const use = await processUse(child.pid!);
    if (use) uses.push(use);
    if (await isEnough()) child.kill('SIGKILL');
    await Promise.race([closed, sleep(LOOK_EVERY_MS)]);
  }
  return { exitCode, stdout, seconds: (performance.now() - started) / 1000, uses };
}

async function countKeys(store: ObjectStore, prefix: string): Promise<number> {
  let count = 0;
  for await (const _ of store.list(prefix)) count++;
  return count;
}

function peaks(uses: readonly ProcessUse[]): number[] {
  return Array.from({ length: 4 }, (_, quarter) => {
    const part = uses.slice((quarter * uses.length) / 4, ((quarter + 1) * uses.length) / 4);
    return Math.round(part.reduce((most, { residentMib }) => Math.max(most, residentMib), 0));
  });
}

interface Answer {
  readonly accepted: readonly IngestedVideo[];
  readonly quarantined: readonly { readonly file: string; readonly message: string }[];
}

/** What is wrong with what the second process says. */
function problemsOf({ accepted, quarantined }: Answer, { good, bad }: MadeFiles): string[] {
  const problems: string[] = [];
  const names = new Set(accepted.map(({ file }) => file));
  for (const file of good) if (!names.has(file)) problems.push(`${file} is not in the dataset`);
  const ids = new Set(accepted.map(({ id }) => id));
  if (ids.size !== good.length) problems.push(`${good.length} good files have ${ids.size} ids`);
  const said = new Map(quarantined.map(({ file, message }) => [file, message]));
  for (const [file, reason] of bad) {
    const message = said.get(file);
    if (message === undefined) problems.push(`${file} is broken and was not set aside`);
    else if (!reason.test(message)) problems.push(`${file}: expected ${reason}, found ${message}`);
  }
  if (said.size !== bad.size) problems.push(`${bad.size} files are broken, ${said.size} were set aside`);
  return problems;
}

/** The dataset as it lies in the store. */
async function problemsInStore(store: ObjectStore, dataset: string, made: MadeFiles): Promise<string[]> {
  const [good, bad] = [made.good.length, made.bad.size];
  const rows = await readManifest(store, dataset);
  const root = datasetKeys.root(dataset);
  // Each with its record beside it.
  const videos = (await countKeys(store, `${root}videos/`)) / 2;
  const sources = await countKeys(store, datasetKeys.sources(dataset));
  const aside = await countKeys(store, datasetKeys.quarantines(dataset));
  const splits = new Map<string, Set<string>>();
  for (const { study, split } of rows) splits.set(study, (splits.get(study) ?? new Set()).add(split));
  const torn = [...splits.values()].filter(({ size }) => size > 1).length;
  const expected: [string, number, number][] = [
    ['rows in the manifest', good, new Set(rows.map(({ id }) => id)).size],
    ['videos in the store', good, videos],
    ['recordings that are known', good, sources],
    ['files set aside', bad, aside],
    ['patients in two splits', 0, torn],
  ];
  return expected
    .filter(([, wanted, found]) => wanted !== found)
    .map(([what, wanted, found]) => `${what}: expected ${wanted}, found ${found}`);
}

/** Services must run; the dataset must not be there. */
export async function ingestKilled(
  embedded: Embedded,
  folder: string,
  dataset: string,
  made: MadeFiles,
): Promise<KilledIngestion> {
  const store = openStore(embedded.deployment);
  const stored = () => countKeys(store, datasetKeys.sources(dataset));
  const half = Math.floor((made.good.length + made.bad.size) / 2);
  const first = await runIngest(embedded, folder, dataset, async () => (await stored()) >= half);
  const storedBeforeKill = await stored();
  const second = await runIngest(embedded, folder, dataset, async () => false);
  const answer: Answer = JSON.parse(second.stdout);
  const known = answer.accepted.filter(({ isKnown }) => isKnown).length;
  const problems = [
    ...(first.exitCode === null ? [] : [`the first process ended by itself (${first.exitCode})`]),
    ...(known === storedBeforeKill ? [] : [`${storedBeforeKill} were stored, ${known} known later`]),
    ...problemsOf(answer, made),
    ...(await problemsInStore(store, dataset, made)),
  ];
  const cpu = [first, second].map(({ uses }) => uses.at(-1)?.cpuSeconds ?? Number.NaN);
  return {
    storedBeforeKill,
    resumed: {
      known,
      converted: answer.accepted.length - known,
      quarantined: answer.quarantined.length,
      exitCode: second.exitCode,
    },
    seconds: first.seconds + second.seconds,
    cpuSeconds: cpu[0]! + cpu[1]!,
    peakMibByQuarter: { killed: peaks(first.uses), resumed: peaks(second.uses) },
    problems,
  };
}
