/**
 * Real echo: the policy that a preset trains on CAMUS, the one adapted from it to EchoNet-Dynamic and its control, on
 * the test patients of both, beside any other policy files, each segmented plainly, cleaned, with full inference, and
 * completed. The sets lie outside of the project and stay there; without them there is nothing to run.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { resolveRunConfig } from '../app/run-config.ts';
import type { RunConfig } from '../contracts/run-config.ts';
import type { LinearShapes } from '../method/shapes/linear-shapes.ts';
import { projectRoot } from '../runtime/installation.ts';
import { selectTensorBackend } from '../runtime/tensors.ts';
import { adaptedPolicies, adaptToTarget } from './real/adapt.ts';
import { byGroup, casesOf, type Group, groups, type ScoredSets } from './real/groups.ts';
import { drawInto, refuseProjectFolder } from './real/pictures.ts';
import { pretrainOnSource, SOURCE_POLICY } from './real/pretrain.ts';
import { benchOptions, refuseOptions, someOf, threadsOf, wholeNumbers } from './shared/bench-options.ts';
import { inferenceNames, type WaysOfSegmenting } from './shared/inference.ts';
import { filesOfSeed, type NamedPolicy, namedPolicies, policyToOptimise } from './shared/named-policies.ts';
import { type TableRow, tablesText } from './shared/policy-table.ts';
import { openRealEcho, type RealEcho, realEchoFolder } from './shared/real-echo.ts';
import { effectsText, joinSeeds, scoreFiles, scoreOptimisedFile } from './shared/score-files.ts';
import { shapesOf } from './shared/source-shapes.ts';

export const stages = ['all', 'pretrain', 'adapt', 'evaluate'] as const;

interface ScoreOptions {
  readonly seed: number;
  readonly policies: readonly NamedPolicy[];
  /** Loops of the target's other splits, too. */
  readonly others: boolean;
  readonly inWays: WaysOfSegmenting;
  /** Where pictures are drawn, if they are. */
  readonly pictures: string | undefined;
  /** Optimised at test time on the target's test loops. */
  readonly optimised: { readonly policy: NamedPolicy; readonly rewards: readonly string[] } | undefined;
}

/** As published, with all that needs no learning, and as `real` segments. */
const optimisedWays = ['plain', 'full', 'completed'] as const;

async function score(echo: RealEcho, options: ScoreOptions): Promise<ScoredSets> {
  const { seed, policies, others, pictures, optimised, inWays } = options;
  const onCase = pictures === undefined ? undefined : (name: string) => drawInto(join(pictures, name));
  const test = () => casesOf(echo.target('test'));
  const source = await scoreFiles(policies, seed, () => casesOf(echo.source('test')), inWays);
  const target = await scoreFiles(policies, seed, test, { ...inWays, onCase });
  if (optimised) {
    const { ways = optimisedWays } = inWays;
    const { rows, effects } = await scoreOptimisedFile(optimised, seed, test, { ...inWays, ways });
    target.push(...rows);
    console.error(effectsText(seed, effects));
  }
  if (!others) return { source, target };
  return { source, target, others: await scoreFiles(policies, seed, () => annotated(echo), inWays) };
}

/** Of the source's training patients. */
function sourceShapes(echo: RealEcho, config: RunConfig): LinearShapes {
  return shapesOf(
    [...echo.source('train')].map(({ reference }) => reference!),
    config,
  );
}

function* annotated(echo: RealEcho) {
  for (const one of casesOf(echo.target('train', 'val'))) if (one.reference) yield one;
}

function pretrain(echo: RealEcho, config: RunConfig, folder: string): void {
  const trained = pretrainOnSource(echo, config, folder, (text) => console.error(text));
  const { steps, seconds, cpuSeconds } = trained;
  writeFileSync(join(folder, 'pretraining.json'), JSON.stringify({ ...trained, config }));
  console.error(
    `${steps} steps of ${config.pretraining.windowsPerStep} windows in ${seconds.toFixed(0)} s, ${cpuSeconds.toFixed(0)} s of processor time`,
  );
}

function reportText(rows: Partial<Record<Group, readonly TableRow[]>>, control: string): string {
  return Object.entries(rows)
    .map(([group, of]) => `**${groups[group as Group]}**\n\n${tablesText(of, control)}`)
    .join('\n\n');
}

interface RealOptions {
  /** A file and a preset of the policy that is trained. */
  readonly config: string | undefined;
  readonly preset: string | undefined;
  readonly seeds: readonly number[];
  /** `name=file,...`, with `{seed}` for the seed; those which were trained when left out. */
  readonly policies: string | undefined;
  /** The name of the policy that is optimised at test time, and its reward networks, `file,...`. */
  readonly optimised: string | undefined;
  readonly rewards: string;
  readonly others: boolean;
  readonly ways: WaysOfSegmenting['ways'];
  readonly pictures: boolean;
  readonly out: string;
}

async function pretrainSeed(echo: RealEcho, seed: number, options: RealOptions): Promise<void> {
  pretrain(echo, await configOf(seed, options), folderOf(options.out, seed));
}

async function adaptSeed(seed: number, options: RealOptions): Promise<void> {
  const folder = folderOf(options.out, seed);
  const config = await configOf(seed, options);
  const log = (line: string) => console.error(`seed ${seed}: ${line}`);
  await adaptToTarget({ real: realEchoFolder(), config, policy: join(folder, SOURCE_POLICY), folder, log });
}

function configOf(
  seed: number,
  { config, preset }: Pick<RealOptions, 'config' | 'preset'>,
): Promise<RunConfig> {
  const names = { source: 'camus-a4c', target: 'echonet-a4c', seed };
  const start = preset ?? (config === undefined ? 'real' : undefined);
  return resolveRunConfig(config, { ...names, preset: start });
}

/** Rows by group, of all seeds together. */
async function scoreSeeds(echo: RealEcho, options: RealOptions): Promise<Partial<Record<Group, TableRow[]>>> {
  const { others, out, pictures } = options;
  const rows: Partial<Record<Group, TableRow[]>> = {};
  for (const seed of options.seeds) {
    const folder = folderOf(out, seed);
    const policies =
      options.policies === undefined ? trainedIn(folder) : namedPolicies(options.policies, seed);
    const policy = policyToOptimise(policies, options.optimised);
    const scored = await score(echo, {
      seed,
      policies,
      inWays: { shapes: sourceShapes(echo, await configOf(seed, options)), ways: options.ways },
      others,
      pictures: pictures ? join(folder, 'pictures') : undefined,
      optimised: policy && { policy, rewards: filesOfSeed(options.rewards, seed).split(',') },
    });
    for (const [group, of] of Object.entries(byGroup(scored)) as [Group, TableRow[]][]) {
      rows[group] = joinSeeds([...(rows[group] ?? []), ...of]);
    }
    writeFileSync(join(out, 'scores.json'), JSON.stringify(rows));
    console.error(`seed ${seed}: scored`);
  }
  return rows;
}

/** What was trained there so far. */
function trainedIn(folder: string): NamedPolicy[] {
  const files = { source: SOURCE_POLICY, ...adaptedPolicies };
  return Object.entries(files)
    .map(([name, file]) => ({ name, file: join(folder, file) }))
    .filter(({ name, file }) => name === 'source' || existsSync(file));
}

function folderOf(out: string, seed: number): string {
  const folder = join(out, `seed-${seed}`);
  mkdirSync(folder, { recursive: true });
  return folder;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const values = benchOptions({
    json: { type: 'boolean' },
    stage: { type: 'string', default: 'all' },
    config: { type: 'string' },
    preset: { type: 'string' },
    seeds: { type: 'string', default: '1' },
    policies: { type: 'string' },
    control: { type: 'string', default: 'source' },
    tto: { type: 'string' },
    rewards: { type: 'string', default: '' },
    others: { type: 'boolean', default: false },
    ways: { type: 'string' },
    pictures: { type: 'boolean', default: false },
    threads: { type: 'string', default: '1' },
    out: { type: 'string', default: join(projectRoot, '.echoloop', 'bench-real') },
  });
  const stage = stages.find((one) => one === values.stage);
  if (!stage) refuseOptions(`--stage: expected ${stages.join(', ')}, found "${values.stage}".`);
  const echo = openRealEcho();
  if (!echo) {
    console.error(
      `Skipped: ${realEchoFolder()} holds no camus-a4c and echonet-a4c with their manifests. REAL_ECHO names another folder.`,
    );
  } else {
    await selectTensorBackend(threadsOf(values.threads));
    const { config, preset, policies, rewards, others, pictures, tto: optimised } = values;
    const seeds = wholeNumbers('--seeds', values.seeds, 0);
    const out = resolve(values.out);
    refuseProjectFolder(out);
    const ways = values.ways === undefined ? undefined : someOf('--ways', values.ways, inferenceNames);
    const options = { ways, config, preset, seeds, policies, optimised, rewards, others, pictures, out };
    const does = (one: (typeof stages)[number]) => stage === 'all' || stage === one;
    if (does('pretrain')) for (const seed of seeds) await pretrainSeed(echo, seed, options);
    if (does('adapt')) for (const seed of seeds) await adaptSeed(seed, options);
    if (does('evaluate')) {
      const rows = await scoreSeeds(echo, options);
      console.log(values.json ? JSON.stringify(rows) : reportText(rows, values.control));
    }
  }
}
