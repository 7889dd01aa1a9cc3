/**
 * A run over as many videos as wanted, before anybody spends weeks of GPUs on it: the product's own servers, control
 * and io workers and workflows on this machine, the compute activities replaced by ones that read their shard and write
 * small artefacts. Every video has to be predicted, labelled, scored and counted once, while the control worker is
 * killed three times.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectTo } from '../app/connections.ts';
import { startAdaptation } from '../app/runs/adaptation-client.ts';
import { textTable } from '../cli/text/text-table.ts';
import { ProgressSchema } from '../contracts/messages.ts';
import { steeringNames } from '../contracts/names.ts';
import { RunConfigSchema } from '../contracts/run-config.ts';
import { deploymentFrom } from '../runtime/deployment.ts';
import { loaderArguments, moduleFile } from '../runtime/installation.ts';
import type { Embedded } from '../runtime/services/embedded.ts';
import { up } from '../runtime/up.ts';
import { writeArtefact } from '../storage/artefacts.ts';
import { modelKeys } from '../storage/keys.ts';
import { openStore } from '../storage/open-store.ts';
import { historyBudgets } from '../temporal.config.ts';
import { problemsOfCounts } from './rehearsal/counted-once.ts';
import { storeRehearsalDataset } from './rehearsal/dataset.ts';
import { type ReplayedHistory, replayHistories } from './rehearsal/histories.ts';
import { type KilledControl, type KillMoment, killControl } from './rehearsal/killed-control.ts';
import { type Usage, watchProcesses } from './rehearsal/processes.ts';
import { benchOptions, positiveNumber, wholeNumber } from './shared/bench-options.ts';

const RUN = 'rehearsal';
const DATASET = 'rehearsal';
/** When the control worker is killed in the labelling; in a long one the second time with the longest history. */
const KILLS: readonly KillMoment[] = [
  { share: 0.2 },
  { share: 0.5, events: 0.95 * historyBudgets.eventsOfStage },
  { share: 0.75 },
];
/**
 * Processor time that the least part of a video's computing takes at full size, reading and preparing it for the sweep
 * and for the labelling, s: 1.56 s a time for 512 x 448 x 60 (docs/performance.md).
 */
const LEAST_COMPUTE_SECONDS = 2 * 1.56;

export interface RehearsalOptions {
  readonly videos: number;
  /** Compute workers, one activity at a time each. */
  readonly workers: number;
  /** Mean of the drawn time of a video in a compute activity. */
  readonly meanMs: number;
  readonly log: (line: string) => void;
}

export interface RehearsalReport {
  readonly videos: number;
  readonly workers: number;
  readonly seconds: { readonly storing: number; readonly run: number };
  readonly usage: Readonly<Record<string, Usage>>;
  readonly histories: readonly ReplayedHistory[];
  readonly kills: readonly KilledControl[];
  /** Activities that more than one attempt finished; after a kill of control workers alone there are none. */
  readonly doneTwice: number;
  readonly problems: readonly string[];
}

export async function rehearse(options: RehearsalOptions): Promise<RehearsalReport> {
  const { videos, workers, meanMs, log } = options;
  const home = await mkdtemp(join(tmpdir(), 'echoloop-rehearsal-'));
  process.env.ECHOLOOP_LOG_LEVEL = 'warn';
  const services = await up({
    deployment: deploymentFrom({ ECHOLOOP_HOME: home }),
    log,
    workers: ['control', 'io'],
  });
  const compute = startComputeWorkers(services, workers, meanMs);
  try {
    const store = openStore(services.deployment);
    const storing = stopwatch();
    const ids = await storeRehearsalDataset(store, DATASET, videos);
    const policy = await writeArtefact(
      store,
      modelKeys.imported('rehearsal', 'policy'),
      new Uint8Array([1]),
      {
        inputs: [],
        codeVersion: 'rehearsal',
        mediaType: 'application/octet-stream',
      },
    );
    const storingSeconds = storing();
    log(`${videos} videos stored in ${storingSeconds.toFixed(0)} s`);
    return await connectTo(services.deployment, async ({ client }) => {
      const { supervisor } = services;
      const watch = watchProcesses(() => ({
        ...Object.fromEntries(
          ['temporal', 's3', 'worker-control', 'worker-io'].map((name) => [name, supervisor.pidOf(name)]),
        ),
        ...Object.fromEntries(compute.processes.map(({ pid }, index) => [`compute ${index}`, pid])),
      }));
      const running = stopwatch();
      await startAdaptation(client, { run: RUN, config: configOf(videos, workers, policy.key) });
      const kills: KilledControl[] = [];
      for (const moment of KILLS) {
        const kill = await killControl(client, supervisor, RUN, moment);
        if (kill) kills.push(kill);
      }
      const handle = client.workflow.getHandle(RUN);
      await handle.result();
      const run = running();
      const usage = watch.usage();
      watch.stop();
      log(`the run took ${run.toFixed(0)} s`);
      const progress = ProgressSchema.parse(await handle.query(steeringNames.progress));
      const problems = await problemsOfCounts(store, RUN, ids, progress);
      const doneTwice = compute.finished.length - new Set(compute.finished).size;
      if (doneTwice > 0) problems.push(`${doneTwice} activities were done twice`);
      const histories = await replayHistories(client, RUN);
      return {
        videos,
        workers,
        seconds: { storing: storingSeconds, run },
        usage,
        histories,
        kills,
        doneTwice,
        problems,
      };
    });
  } finally {
    for (const child of compute.processes) child.disconnect();
    await services.stop();
    await rm(home, { recursive: true, force: true });
  }
}

function stopwatch(): () => number {
  const started = performance.now();
  return () => (performance.now() - started) / 1000;
}

/** Two processes share the workers, so that memory is seen where it would grow. */
function startComputeWorkers({ environment }: Embedded, workers: number, meanMs: number) {
  const finished: string[] = [];
  const module = moduleFile('bench/rehearsal/compute-workers');
  const processes: ChildProcess[] = [Math.ceil(workers / 2), Math.floor(workers / 2)]
    .filter((count) => count > 0)
    .map((count) =>
      fork(module, [String(count), String(meanMs)], {
        execArgv: loaderArguments(module),
        env: { ...process.env, ...environment },
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      }).on('message', (done) => finished.push(String(done))),
    );
  return { processes, finished };
}

function configOf(videos: number, workers: number, initialPolicy: string) {
  return RunConfigSchema.parse({
    source: DATASET,
    target: DATASET,
    initialPolicy,
    iterations: 1,
    autoencoder: { enabled: false },
    landmark: { enabled: false },
    sweep: { videosPerIteration: videos, concurrentShards: 2 * workers },
  });
}

/** The tables for people. */
export function rehearsalText(report: RehearsalReport): string {
  const { videos, workers, seconds, usage, histories, kills, problems } = report;
  const perVideo = (cpuSeconds: number): string => ((1000 * cpuSeconds) / videos).toFixed(1);
  const cpuOf = (name: string): number => usage[name]?.cpuSeconds ?? 0;
  const orchestration = cpuOf('temporal') + cpuOf('worker-control');
  const share = orchestration / videos / LEAST_COMPUTE_SECONDS;
  const longest = histories.toSorted((a, b) => b.events - a.events)[0];
  return [
    `${videos} videos to adapt to, ${workers} compute workers: ${seconds.run.toFixed(0)} s, ${perVideo(seconds.run)} ms a video (storing them before: ${seconds.storing.toFixed(0)} s)`,
    textTable(
      ['process', 'processor ms a video', 'MB early', 'MB halfway', 'MB at the end', 'MB at most'],
      Object.entries(usage).map(([name, { cpuSeconds, megabytes }]) => [
        name,
        perVideo(cpuSeconds),
        ...[megabytes.early, megabytes.middle, megabytes.late, megabytes.most].map(String),
      ]),
    ),
    textTable(
      ['workflow', 'events', 'kB', 'replay s', 'of processor'],
      histories.map(({ workflow, events, kilobytes, replaySeconds, replayCpuSeconds }) => [
        workflow,
        String(events),
        String(kilobytes),
        replaySeconds.toFixed(2),
        replayCpuSeconds.toFixed(2),
      ]),
    ),
    `orchestration (Temporal and control worker): ${perVideo(orchestration)} ms of processor time a video, ${(100 * share).toFixed(2)} % of what reading and preparing it alone takes at full size`,
    `longest history: ${longest?.events ?? 0} events, ${(longest?.replayCpuSeconds ?? 0).toFixed(1)} s of the processor to replay it (asked: 2)`,
    `control worker killed ${kills.length} of ${KILLS.length} times (asked: to go on within 10 s)`,
    ...kills.map(
      ({ shards, events, secondsToGoOn, cpuSecondsToGoOn }) =>
        `control worker killed after ${shards} shards, the sweep's history at ${events} events: went on after ${secondsToGoOn.toFixed(1)} s, ${cpuSecondsToGoOn.toFixed(1)} s of the processor`,
    ),
    problems.length === 0
      ? 'PASSED: every video predicted, labelled, scored and counted once'
      : `FAILED: ${problems.join('; ')}`,
  ].join('\n\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const values = benchOptions({
    json: { type: 'boolean' },
    videos: { type: 'string', default: '1000' },
    workers: { type: 'string', default: '8' },
    milliseconds: { type: 'string', default: '20' },
  });
  const report = await rehearse({
    videos: wholeNumber('--videos', values.videos),
    workers: wholeNumber('--workers', values.workers),
    meanMs: positiveNumber('--milliseconds', values.milliseconds),
    log: (line) => console.error(line),
  });
  if (values.json) console.log(JSON.stringify(report));
  else console.log(rehearsalText(report));
  process.exitCode = report.problems.length === 0 ? 0 : 1;
}
