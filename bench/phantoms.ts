/**
 * Whether phantoms are what they are for: their true labels valid, a policy trained on the target's labels nearly
 * always so, one trained on the source about half of the time, and failing in ways that cleaning does not repair.
 * Trains both policies at the tiny preset and prints each figure beside the range it is to lie in.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadNetwork } from '../activities/artefacts/networks.ts';
import { pretrainPolicy } from '../activities/pretrain-policy.ts';
import { makePhantomDataset } from '../app/datasets/phantom-dataset.ts';
import { uploadDataset } from '../app/datasets/upload-dataset.ts';
import { presets } from '../contracts/presets.ts';
import { generatePhantom, type PhantomDomain, planPhantom, trueLabels } from '../datasets/phantom/phantom.ts';
import { selectTensorBackend } from '../runtime/tensors.ts';
import { benchOptions, threadsOf, wholeNumber, wholeNumbers } from './shared/bench-options.ts';
import type { MemoryContext } from './shared/memory-context.ts';
import {
  judgePolicy,
  type PhantomFigures,
  type PhantomGate,
  type PhantomResult,
  phantomFigures,
  phantomGates,
  verdictOn,
} from './shared/phantom-gates.ts';
import { openPhantoms, phantomConfig } from './shared/phantoms.ts';
import { startRun } from './shared/stages.ts';

export interface PhantomsBenchOptions {
  readonly seed: number;
  /**
   * Annotated videos that each policy is trained on, and target videos that both are judged on. Two are one patient.
   */
  readonly trainingVideos: number;
  readonly testVideos: number;
  /** Of each training. */
  readonly steps: number;
  readonly onFigures?: (domain: PhantomDomain, figures: PhantomFigures) => void;
}

export interface PhantomsReport {
  readonly options: Omit<PhantomsBenchOptions, 'onFigures'>;
  readonly source: PhantomFigures;
  readonly supervised: PhantomFigures;
  readonly gates: readonly PhantomGate[];
  readonly cpuSeconds: number;
}

/** The test videos are those of the seed; policies learn from patients of this many seeds further on. */
const TRAINING_SEED_OFFSET = 1_000_000;

/** The tensor back end must be selected before. */
export async function benchPhantoms({
  onFigures,
  ...options
}: PhantomsBenchOptions): Promise<PhantomsReport> {
  const before = process.cpuUsage();
  const few = { source: { train: 2, validation: 2 }, target: { adapt: 2, validation: 2, test: 2 } };
  const phantoms = await openPhantoms(options.seed, few);
  try {
    const figuresOf = async (domain: PhantomDomain): Promise<PhantomFigures> => {
      const figures = phantomFigures(await trainAndJudge(domain, options, phantoms));
      onFigures?.(domain, figures);
      return figures;
    };
    const source = await figuresOf('source');
    const supervised = await figuresOf('target');
    const truth = Array.from({ length: options.testVideos }, (_, index) =>
      verdictOn(trueLabels(planPhantom({ domain: 'target', seed: options.seed, index }))),
    );
    const { user, system } = process.cpuUsage(before);
    const gates = phantomGates({ truth, supervised, source });
    return { options, source, supervised, gates, cpuSeconds: (user + system) / 1e6 };
  } finally {
    await phantoms.close();
  }
}

/** Trains a policy on annotated phantoms of the domain and segments the target's test videos with it. */
async function trainAndJudge(
  domain: PhantomDomain,
  { seed, trainingVideos, testVideos, steps }: PhantomsBenchOptions,
  { context }: MemoryContext,
): Promise<PhantomResult[]> {
  const name = `annotated-${domain}`;
  const folder = await mkdtemp(join(tmpdir(), 'echoloop-phantoms-'));
  const videos = Array.from({ length: trainingVideos + 2 }, (_, i) => ({
    split: i < trainingVideos ? ('train' as const) : ('val' as const),
    labelled: true,
  }));
  const request = { out: folder, domain, seed: seed + TRAINING_SEED_OFFSET, videos };
  try {
    await makePhantomDataset(request, () => undefined);
    await uploadDataset(context.store, folder, name);
  } finally {
    await rm(folder, { recursive: true });
  }
  const pretraining = { ...presets.tiny.pretraining, steps };
  const config = { ...phantomConfig(seed, { pretraining }), source: name };
  const { refs } = await startRun(context, name, config);
  const policy = await loadNetwork(context, (await pretrainPolicy(refs, context)).policy, 'policy');
  try {
    return Array.from({ length: testVideos }, (_, index) =>
      judgePolicy(policy, generatePhantom({ domain: 'target', seed, index }), config),
    );
  } finally {
    policy.dispose();
  }
}

/** Tables for people, in Markdown. */
export function reportText({ options, source, supervised, gates, cpuSeconds }: PhantomsReport): string {
  const two = (value: number): string => value.toFixed(2);
  const range = ({ least, most }: PhantomGate): string =>
    least === most ? two(least) : `${two(least)} to ${two(most)}`;
  return [
    `Seed ${options.seed}: ${options.trainingVideos} videos and ${options.steps} steps a training, ${options.testVideos} test videos; ` +
      `${cpuSeconds.toFixed(0)} s of processor time.`,
    '| gate | found | asked | met |',
    '| --- | --- | --- | --- |',
    ...gates.map(
      (gate) => `| ${gate.name} | ${two(gate.value)} | ${range(gate)} | ${gate.met ? 'yes' : 'no'} |`,
    ),
    '',
    '| policy | Dice | anatomy | time | time, at the frame rate | anatomy, cleaned | time, cleaned |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...[['source', source] as const, ['supervised', supervised] as const].map(([name, of]) => {
      const shares = [of.anatomy, of.time, of.timeAtFrameRate, of.anatomyCleaned, of.timeCleaned];
      return `| ${[name, of.dice.toFixed(3), ...shares.map(two)].join(' | ')} |`;
    }),
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const values = benchOptions({
    json: { type: 'boolean' },
    seeds: { type: 'string', default: '1' },
    train: { type: 'string', default: '34' },
    test: { type: 'string', default: '60' },
    steps: { type: 'string', default: String(presets.tiny.pretraining?.steps) },
    threads: { type: 'string', default: '1' },
  });
  await selectTensorBackend(threadsOf(values.threads));
  for (const seed of wholeNumbers('--seeds', values.seeds, 0)) {
    const report = await benchPhantoms({
      seed,
      trainingVideos: wholeNumber('--train', values.train),
      testVideos: wholeNumber('--test', values.test),
      steps: wholeNumber('--steps', values.steps),
      onFigures: (domain, figures) => console.error(`seed ${seed}, trained on the ${domain}`, figures),
    });
    console.log(values.json ? JSON.stringify(report) : reportText(report));
  }
}
