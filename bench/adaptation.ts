/**
 * What adaptation achieves on held-out target phantoms, beside what needs no learning: policies of a run, or any policy
 * files, each segmented plainly, cleaned, with full inference, and completed, for several seeds.
 */
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../runtime/installation.ts';
import { selectTensorBackend } from '../runtime/tensors.ts';
import { adaptPhantoms } from './shared/adapted.ts';
import { benchOptions, threadsOf, wholeNumber, wholeNumbers } from './shared/bench-options.ts';
import { filesOfSeed, type NamedPolicy, namedPolicies, policyToOptimise } from './shared/named-policies.ts';
import { phantomConfig, sourcePhantomLabels, testPhantoms } from './shared/phantoms.ts';
import { type TableRow, tablesText } from './shared/policy-table.ts';
import {
  effectsText,
  joinSeeds,
  type OptimisationEffects,
  scoreFiles,
  scoreOptimisedFile,
} from './shared/score-files.ts';
import { shapesOf } from './shared/source-shapes.ts';

export interface AdaptationBenchOptions {
  readonly seeds: readonly number[];
  /** Held-out videos of a seed, two of a patient; of these the first are optimised at test time. */
  readonly videos: number;
  readonly optimisedVideos: number;
  /** Where the policies of the runs are written. */
  readonly out: string;
  /** `name=file,...`, with `{seed}` for the seed: these instead of a run's. */
  readonly policies?: string;
  /** The name of the policy that is optimised at test time, none when left out. */
  readonly optimised?: string;
  /** Reward networks of the optimisation, `file,...`; those of the run when left out. */
  readonly rewards?: string;
  readonly log: (line: string) => void;
}

export interface AdaptationReport {
  readonly rows: readonly TableRow[];
  readonly effects: readonly { readonly seed: number; readonly of: OptimisationEffects }[];
  readonly seconds: number;
}

/** As published, with all that needs no learning, and as `tiny` segments. */
const optimisedWays = ['plain', 'full', 'full by shapes'] as const;

/** The tensor back end must be selected before. */
export async function benchAdaptation(options: AdaptationBenchOptions): Promise<AdaptationReport> {
  const started = performance.now();
  const rows: TableRow[] = [];
  const effects: AdaptationReport['effects'][number][] = [];
  for (const seed of options.seeds) {
    const { policies, rewards } = await policiesOf(seed, options);
    const policy = policyToOptimise(policies, options.optimised);
    const shapes = shapesOf(sourcePhantomLabels(seed), phantomConfig(seed));
    rows.push(...(await scoreFiles(policies, seed, () => testPhantoms(seed, options.videos), { shapes })));
    options.log(`seed ${seed}: scored`);
    if (!policy) continue;
    const few = () => testPhantoms(seed, options.optimisedVideos);
    const optimised = await scoreOptimisedFile({ policy, rewards }, seed, few, {
      shapes,
      ways: optimisedWays,
    });
    rows.push(...optimised.rows);
    effects.push({ seed, of: optimised.effects });
  }
  return { rows: joinSeeds(rows), effects, seconds: (performance.now() - started) / 1000 };
}

async function policiesOf(
  seed: number,
  { policies, rewards, out, log }: AdaptationBenchOptions,
): Promise<{ readonly policies: readonly NamedPolicy[]; readonly rewards: readonly string[] }> {
  const ofSeed = rewards === undefined ? undefined : filesOfSeed(rewards, seed).split(',');
  if (policies !== undefined) return { policies: namedPolicies(policies, seed), rewards: ofSeed ?? [] };
  const adapted = await adaptPhantoms(phantomConfig(seed), join(out, `seed-${seed}`), log);
  return { policies: adapted.policies, rewards: ofSeed ?? adapted.rewards };
}

/** For people, in Markdown. */
export function reportText({ rows, effects, seconds }: AdaptationReport, control: string): string {
  return [
    `Means and paired differences, 95 % intervals over patients and seeds; ${seconds.toFixed(0)} s`,
    tablesText(rows, control),
    ...effects.map(({ seed, of }) => effectsText(seed, of)),
  ].join('\n\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const values = benchOptions({
    json: { type: 'boolean' },
    seeds: { type: 'string', default: '1,2,3' },
    videos: { type: 'string', default: '120' },
    policies: { type: 'string' },
    control: { type: 'string', default: 'source' },
    tto: { type: 'string' },
    'tto-videos': { type: 'string', default: '40' },
    rewards: { type: 'string' },
    threads: { type: 'string' },
    out: { type: 'string', default: join(projectRoot, '.echoloop', 'bench-adaptation') },
  });
  await selectTensorBackend(threadsOf(values.threads));
  const report = await benchAdaptation({
    seeds: wholeNumbers('--seeds', values.seeds, 0),
    videos: wholeNumber('--videos', values.videos),
    optimisedVideos: wholeNumber('--tto-videos', values['tto-videos']),
    out: resolve(values.out),
    log: (line) => console.error(line),
    ...(values.policies !== undefined && { policies: values.policies }),
    ...(values.tto !== undefined && { optimised: values.tto }),
    ...(values.rewards !== undefined && { rewards: values.rewards }),
  });
  console.log(values.json ? JSON.stringify(report) : reportText(report, values.control));
}
