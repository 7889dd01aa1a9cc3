/** Groups of loops that policies are scored on apart, out of the rows of all loops of a set. */
import type { TableRow } from '../shared/policy-table.ts';
import { isRecorded, type RealVideo } from '../shared/real-echo.ts';
import type { TestCase } from '../shared/scored-video.ts';

export const groups = {
  source: 'CAMUS test patients',
  target: 'EchoNet test loops',
  recorded: 'of these recorded loops',
  annotated: 'all annotated EchoNet loops',
} as const;
export type Group = keyof typeof groups;

/** Rows on the test patients of both sets, and on annotated loops of the target's other splits where asked for. */
export interface ScoredSets {
  readonly source: readonly TableRow[];
  readonly target: readonly TableRow[];
  readonly others?: readonly TableRow[];
}

/** Every loop is of another patient. */
export function* casesOf(videos: Iterable<RealVideo>): Generator<TestCase> {
  for (const { id, image, reference } of videos) yield { id, patient: id, image, reference };
}

export function byGroup({ source, target, others }: ScoredSets): Partial<Record<Group, TableRow[]>> {
  const only = (rows: readonly TableRow[], keep: (video: TableRow['videos'][number]) => boolean) =>
    rows
      .map((row) => ({ ...row, videos: row.videos.filter(keep) }))
      .filter(({ videos }) => videos.length > 0);
  const all = others?.flatMap((row, i) => ({
    ...row,
    videos: [...row.videos, ...(target[i]?.videos ?? [])],
  }));
  return {
    source: [...source],
    target: [...target],
    recorded: only(target, isRecorded),
    ...(all && { annotated: only(all, ({ measures }) => measures.lvDice !== undefined) }),
  };
}
