/**
 * The plan of a comparison: one sweep over all videos of the target that a run of the configuration adapts to, in
 * however many iterations, so that no system sees more of the target than another; and every test video of the target,
 * whether it has a reference or not: validity needs none.
 */
import type { Plan } from '../contracts/documents.ts';
import type { RunConfig } from '../contracts/run-config.ts';
import { counted } from '../ground/counted.ts';
import { DomainError } from '../ground/errors.ts';
import { makePlan, type PlannedDatasets, sharded } from './plan.ts';

/**
 * @param learns whether any system learns from the datasets; without, they may be test videos alone.
 * @throws DomainError DatasetInvalid when there is nothing to test on, and as makePlan.
 */
export function makeComparisonPlan(config: RunConfig, datasets: PlannedDatasets, learns: boolean): Plan {
  const test = datasets.target.filter(({ split }) => split === 'test');
  if (test.length === 0) {
    throw new DomainError(
      'DatasetInvalid',
      `The target dataset "${config.target}" has no video in its test split (${counted(datasets.target.length, 'row')} in its manifest), so there is nothing to compare on. Ingest some with --split test.`,
    );
  }
  const learned: Pick<Plan, 'source' | 'sweeps'> = learns
    ? makePlan(config, datasets)
    : { source: { train: [], validation: [], studies: {} }, sweeps: [[]] };
  const seen = [...new Set(learned.sweeps.flat(2))];
  return {
    source: learned.source,
    sweeps: [sharded(seen, config.sweep.videosPerShard)],
    validation: [],
    test: sharded(
      test.map(({ id }) => id),
      config.sweep.videosPerShard,
    ),
    studies: Object.fromEntries(datasets.target.map(({ id, study }) => [id, study])),
  };
}
