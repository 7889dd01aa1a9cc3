/** What the workers of a local-SGD round measured, as one. */
import type { CurvePoint } from '../training/train-resumably.ts';
import type { LocalTraining, Round } from './documents.ts';

/**
 * Points are means over the workers, step by step, of what each of them measured; steps are counted through all rounds.
 * @param parts one per worker
 * @param round from 1
 */
export function joinParts(
  parts: readonly Pick<LocalTraining, 'points' | 'rollbacks'>[],
  round: number,
): Pick<Round, 'points' | 'rollbacks'> {
  const longest = Math.max(...parts.map(({ points }) => points.length));
  const points = Array.from({ length: longest }, (_, index) => {
    const there = parts.map((part) => part.points[index]).filter((point) => point !== undefined);
    return { ...meanOf(there), step: (round - 1) * longest + index + 1 };
  });
  return { points, rollbacks: parts.reduce((sum, { rollbacks }) => sum + rollbacks, 0) };
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
