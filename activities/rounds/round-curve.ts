/** What the workers of a local-SGD round measured, as one. */
import type { MergeRoundInput } from '../../contracts/round-activities.ts';
import { readJson } from '../artefacts/json-artefact.ts';
import type { ActivityContext } from '../context.ts';
import type { CurvePoint } from '../training/train-resumably.ts';
import { type LocalTraining, LocalTrainingSchema } from './documents.ts';

/** What is known of the parts of a round together. */
export type JoinedParts = Omit<LocalTraining, 'steps'>;

/** Those that a merging is told of. */
export async function readParts(
  { locals, round }: Pick<MergeRoundInput, 'locals' | 'round'>,
  context: ActivityContext,
): Promise<JoinedParts> {
  const parts = await Promise.all(locals.map(({ curve }) => readJson(context, curve, LocalTrainingSchema)));
  return joinParts(parts, round);
}

/**
 * Points are means over the workers, step by step, of what each of them measured; steps are counted through all rounds.
 * @param parts one per worker
 * @param round from 1
 */
export function joinParts(parts: readonly JoinedParts[], round: number): JoinedParts {
  const longest = Math.max(...parts.map(({ points }) => points.length));
  const points = Array.from({ length: longest }, (_, index) => {
    const there = parts.map((part) => part.points[index]).filter((point) => point !== undefined);
    return { ...meanOf(there), step: (round - 1) * longest + index + 1 };
  });
  return { points, ...sumOf('rollbacks', parts), ...sumOf('quarantined', parts) };
}

/** Of each measure that all points have. */
function meanOf(points: readonly CurvePoint[]): CurvePoint {
  const names = Object.keys(points[0] ?? {}).filter((name) =>
    points.every((point) => point[name] !== undefined),
  );
  const means = names.map((name) => [
    name,
    points.reduce((sum, point) => sum + (point[name] ?? 0), 0) / points.length,
  ]);
  return Object.fromEntries(means);
}

/** Of what the parts counted, where they did. */
function sumOf(name: 'rollbacks' | 'quarantined', parts: readonly JoinedParts[]): Partial<JoinedParts> {
  const counts = parts.flatMap((part) => part[name] ?? []);
  return counts.length === 0 ? {} : { [name]: counts.reduce((sum, count) => sum + count, 0) };
}
