/** Policy files as rows of a table, with test-time optimisation of one of them and its control where asked for. */
import { readFileSync } from 'node:fs';
import { loadNamedNetworks } from '../../app/segmentation/networks.ts';
import { Reward } from '../../method/rewards/reward.ts';
import { type InferenceName, inferences, type WaysOfSegmenting } from './inference.ts';
import type { NamedPolicy } from './named-policies.ts';
import { type OptimisationEffect, scoreOptimised } from './optimised.ts';
import type { TableRow } from './policy-table.ts';
import { type OnCase, type ScoredVideo, scorePolicyOn, type TestCase } from './scored-video.ts';

export interface ScoringExtras extends WaysOfSegmenting {
  readonly onCase?: ((policy: string) => OnCase) | undefined;
}

/** What each of the policies is on the videos, in each way of segmenting. A tensor back end must be registered. */
export async function scoreFiles(
  policies: readonly NamedPolicy[],
  seed: number,
  cases: () => Iterable<TestCase>,
  { onCase, ...ways }: ScoringExtras = {},
): Promise<TableRow[]> {
  const rows: TableRow[] = [];
  for (const { name, file } of policies) {
    const { model } = await loadNamedNetworks({ model: file }, true);
    try {
      const scored = scorePolicyOn(model, cases(), { ...ways, onCase: onCase?.(name) });
      for (const [way, videos] of Object.entries(scored)) rows.push(rowOf(name, way, seed, videos));
    } finally {
      model.policy.dispose();
    }
  }
  return rows;
}

export interface OptimisationRequest {
  readonly policy: NamedPolicy;
  /** Checkpoint files of reward networks. */
  readonly rewards: readonly string[];
}

/** What test-time optimisation and its control repaired, by the way of segmenting. */
export type OptimisationEffects = Readonly<Partial<Record<InferenceName, OptimisationEffect>>>;

/** Rows of the optimisation and of its control, and what each repaired, in each of the ways. */
export async function scoreOptimisedFile(
  { policy: { name, file }, rewards }: OptimisationRequest,
  seed: number,
  cases: () => Iterable<TestCase>,
  { shapes, ways }: Pick<WaysOfSegmenting, 'shapes'> & { readonly ways: readonly InferenceName[] },
): Promise<{ rows: TableRow[]; effects: OptimisationEffects }> {
  const { model } = await loadNamedNetworks({ model: file }, true);
  const reward = Reward.fromCheckpoints(
    rewards.map((one) => ({ bytes: new Uint8Array(readFileSync(one)), origin: one })),
  );
  try {
    const rows: TableRow[] = [];
    const effects = ways.map((way) => {
      const noise = `${way} + noise`;
      const found = scoreOptimised({ ...model, reward, shapes, inference: inferences[way] }, cases());
      rows.push(
        { ...rowOf(name, noise, seed, found.perturbed), control: { policy: name, way } },
        { ...rowOf(name, `${way} + TTO`, seed, found.optimised), control: { policy: name, way: noise } },
      );
      return [way, found.effect] as const;
    });
    return { effects: Object.fromEntries(effects), rows };
  } finally {
    model.policy.dispose();
    reward.dispose();
  }
}

/** For people, a line a way. */
export function effectsText(seed: number, effects: OptimisationEffects): string {
  return Object.entries(effects)
    .map(
      ([way, { videos, invalidBefore, repaired, repairedByNoise }]) =>
        `Seed ${seed}, ${way}: of ${videos} videos ${invalidBefore} were invalid; test-time optimisation repaired ${repaired}, noise ${repairedByNoise}.`,
    )
    .join('\n\n');
}

/** What one policy is on the videos of one seed. */
export function rowOf(policy: string, way: string, seed: number, videos: readonly ScoredVideo[]): TableRow {
  return { policy, way, videos: videos.map((video) => ({ ...video, seed })) };
}

/** Rows of one policy segmented in one way put together, in the order in which they came first. */
export function joinSeeds(rows: readonly TableRow[]): TableRow[] {
  const joined = new Map<string, TableRow>();
  for (const row of rows) {
    const key = `${row.policy}/${row.way}`;
    const known = joined.get(key);
    joined.set(key, known ? { ...known, videos: [...known.videos, ...row.videos] } : row);
  }
  return [...joined.values()];
}
