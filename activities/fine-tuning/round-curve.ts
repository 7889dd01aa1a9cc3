/** The curves of the workers of a local-SGD round as one. */
import type { CurvePoint } from '../training/train-resumably.ts';

/**
 * Means over the workers, step by step, of what each of them measured; steps are counted through all rounds.
 * @param curves one per worker
 * @param round from 1
 */
export function meanCurve(curves: readonly (readonly CurvePoint[])[], round: number): CurvePoint[] {
  const longest = Math.max(...curves.map((points) => points.length));
  return Array.from({ length: longest }, (_, index) => {
    const there = curves.map((points) => points[index]).filter((point) => point !== undefined);
    const names = Object.keys(there[0] ?? {}).filter((name) =>
      there.every((point) => point[name] !== undefined),
    );
    const means = names.map((name) => [
      name,
      there.reduce((sum, point) => sum + (point[name] ?? 0), 0) / there.length,
    ]);
    return { ...Object.fromEntries(means), step: (round - 1) * longest + index + 1 };
  });
}
