/**
 * What a run and the workflow that goes over shards for it say to each other. Both are workflows of one bundle, whose
 * sandbox holds no schemas.
 */
import type { ArtefactRef } from '../ground/artefact-ref.ts';
import type { RunInput, SweepSplit } from './activities.ts';
import type { LabelCounts, SteeringState } from './messages.ts';

/** What is done for every shard (method.md 1a, 1b, 1e). */
export type SweepWork = 'predict' | 'label' | 'evaluate';

export interface SweepTask {
  readonly refs: RunInput;
  readonly iteration: number;
  readonly work: SweepWork;
  /** Shards of each split, in the order in which they are gone over. */
  readonly shards: readonly { readonly split: SweepSplit; readonly count: number }[];
  readonly policy: ArtefactRef;
  /** For labelling. */
  readonly autoencoder?: ArtefactRef;
}

/** Added up over the shards that are done. */
export interface SweepTotals {
  /** Shards. */
  readonly done: number;
  /** Videos that were set aside. */
  readonly quarantined: number;
  readonly labels: LabelCounts;
}

export interface SweepInput {
  readonly task: SweepTask;
  readonly steering: SteeringState;
  readonly totals: SweepTotals;
}

export interface SweepResult extends SweepTotals {
  /** True when it ended early, as it was told to. */
  readonly stopped: boolean;
}

/** How far a sweep is; `sweep` is its workflow id. */
export interface SweepReport extends SweepTotals {
  readonly sweep: string;
  /** Shards that it has in flight at most. */
  readonly concurrency: number;
}

/** What io workers look up in Temporal. */
export interface FleetActivities {
  /** Compute workers that wait for work, or work for the workflow that asks. */
  countComputeWorkers(): Promise<number>;
}
