/**
 * The full tables: every system on phantoms of several seeds, or on real echo, every trainable one with the same wall
 * time, by `echoloop compare` itself. Killed anywhere, the same call goes on. What is made lies in the folder `--out`.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { csvTable, latexTable, markdownTable } from '../comparison/table/forms.ts';
import type { ComparisonConfig } from '../contracts/comparison.ts';
import { projectRoot } from '../runtime/installation.ts';
import { writeWholeFile } from '../storage/whole-file.ts';
import { claimsText } from './comparison/claims.ts';
import { phantomDatasets, realDatasets, type SeedPlace } from './comparison/datasets.ts';
import type { KeptComparison } from './comparison/kept.ts';
import { compareSeed } from './comparison/one-seed.ts';
import { pooledTable } from './comparison/pooled.ts';
import { everySystem, rowsOf } from './comparison/rows.ts';
import { refuseProjectFolder } from './real/pictures.ts';
import { benchOptions, refuseOptions, wholeNumber, wholeNumbers } from './shared/bench-options.ts';
import { filesOfSeed } from './shared/named-policies.ts';
import { openRealEcho, realEchoFolder } from './shared/real-echo.ts';

export interface ComparisonBenchOptions {
  readonly seeds: readonly number[];
  /** Test phantoms of a seed, two of a patient; real echo has those that it has. */
  readonly videos: number;
  /** Of training, for every system. */
  readonly minutes: NonNullable<ComparisonConfig['minutes']>;
  readonly systems: readonly string[];
  /** File of further rows (docs/comparison.md). */
  readonly rows?: string;
  /** Folder of the real sets; phantoms when left out. */
  readonly real?: string;
  /** File of a source policy that systems start from, on real echo, with `{seed}` for the seed. */
  readonly policy?: string;
  readonly pictures: number;
  readonly out: string;
  readonly log: (line: string) => void;
}

/** One comparison after the other, each kept in its folder; then that of all seeds together. */
export async function benchComparison(options: ComparisonBenchOptions): Promise<readonly KeptComparison[]> {
  const { seeds, videos, minutes, systems, rows: file, real, policy, pictures, out, log } = options;
  await refuseOtherOptions(options);
  const prepare = (place: SeedPlace) =>
    real === undefined
      ? phantomDatasets(place, videos)
      : realDatasets(place, real, policy && filesOfSeed(policy, place.seed));
  const kept: KeptComparison[] = [];
  for (const seed of seeds) {
    const folder = join(out, `seed-${seed}`);
    const rows = ({ network, initialPolicy }: Awaited<ReturnType<typeof prepare>>) =>
      rowsOf({ systems, file, baseFilters: network.baseFilters, startsGiven: initialPolicy !== undefined });
    kept.push(await compareSeed({ seed, folder, prepare, rows, minutes, pictures, log }));
    await writePooled(kept, out);
  }
  return kept;
}

/** Comparisons in one folder are of one table. @throws Error when it holds those of another */
async function refuseOtherOptions(options: ComparisonBenchOptions): Promise<void> {
  const { seeds: _, out, log: __, ...rest } = options;
  const asked = JSON.stringify(rest);
  const file = join(out, 'options.json');
  mkdirSync(out, { recursive: true });
  if (!existsSync(file)) return writeWholeFile(file, asked);
  const before = readFileSync(file, 'utf8');
  if (before === asked) return;
  throw new Error(
    `${out} holds comparisons with other options:\n${before}\nGive the same ones, or another --out.`,
  );
}

async function writePooled(kept: readonly KeptComparison[], out: string): Promise<void> {
  const table = pooledTable(kept);
  const files: Readonly<Record<string, string>> = {
    'comparison.md': `${markdownTable(table)}\n${claimsText(kept)}\n`,
    'comparison.csv': csvTable(table),
    'comparison.json': JSON.stringify(table, null, 2),
    'comparison.tex': latexTable(table),
  };
  for (const [name, text] of Object.entries(files)) await writeWholeFile(join(out, name), text);
}

/** `SOURCE,ADAPTATION`. */
function minutesOf(text: string): ComparisonBenchOptions['minutes'] {
  const [source, adaptation, more] = text.split(',').map(Number);
  if (source! > 0 && adaptation! > 0 && more === undefined)
    return { source: source!, adaptation: adaptation! };
  refuseOptions(
    `--minutes: expected those of source training and of adaptation, such as 2,7, found "${text}".`,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const values = benchOptions({
    json: { type: 'boolean' },
    real: { type: 'boolean', default: false },
    seeds: { type: 'string' },
    videos: { type: 'string', default: '120' },
    minutes: { type: 'string' },
    systems: { type: 'string', default: everySystem.join(',') },
    rows: { type: 'string' },
    policy: { type: 'string' },
    pictures: { type: 'string', default: '4' },
    out: { type: 'string' },
  });
  const real = values.real ? realEchoFolder() : undefined;
  const name = real === undefined ? 'bench-comparison' : 'bench-comparison-real';
  const out = resolve(values.out ?? join(projectRoot, '.echoloop', name));
  if (real !== undefined) refuseProjectFolder(out);
  if (real !== undefined && !openRealEcho(real)) {
    console.error(
      `Skipped: ${real} holds no camus-a4c and echonet-a4c with their manifests. REAL_ECHO names another folder.`,
    );
  } else {
    const kept = await benchComparison({
      seeds: wholeNumbers('--seeds', values.seeds ?? (real === undefined ? '1,2,3' : '1'), 0),
      videos: wholeNumber('--videos', values.videos),
      minutes: minutesOf(values.minutes ?? (real === undefined ? '2,7' : '30,20')),
      systems: values.systems.split(','),
      pictures: wholeNumber('--pictures', values.pictures, 0),
      out,
      log: (line) => console.error(line),
      ...(values.rows !== undefined && { rows: resolve(values.rows) }),
      ...(real !== undefined && { real }),
      ...(values.policy !== undefined && { policy: resolve(values.policy) }),
    });
    console.log(
      values.json ? JSON.stringify(pooledTable(kept)) : readFileSync(join(out, 'comparison.md'), 'utf8'),
    );
  }
}
