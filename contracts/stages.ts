/**
 * What a run and the workflows of its stages say to each other. All are of one bundle, whose sandbox holds no schemas.
 */
import type { ArtefactRef } from '../ground/artefact-ref.ts';
import type { SweepSplit } from './activities.ts';
import type { LabelForSystemInput, PredictForSystemInput } from './comparison-activities.ts';
import type { LabelCounts, SteeringState } from './messages.ts';
import type { MergeRoundResult, RoundsStart, TrainLocallyResult } from './round-activities.ts';
import type { RatedPolicy, RunInput } from './training-activities.ts';

interface OverShards {
  /** Shards of each split, in the order in which they are gone over. */
  readonly shards: readonly { readonly split: SweepSplit; readonly count: number }[];
}

/** What a run does for every shard (method.md 1a, 1b, 1e). */
export interface RunSweepTask extends OverShards {
  readonly refs: RunInput;
  readonly iteration: number;
  readonly work: 'predict' | 'label' | 'evaluate';
  readonly policy: ArtefactRef;
  /** For labelling. */
  readonly autoencoder?: ArtefactRef;
}

/** What a comparison does for every shard, for one of its rows: label the target, or mask and score the test videos. */
export type RowSweepTask = OverShards &
  (
    | { readonly work: 'label-for-row'; readonly refs: Omit<LabelForSystemInput, 'shard'> }
    | { readonly work: 'mask-for-row'; readonly refs: Omit<PredictForSystemInput, 'shard'> }
  );

export type SweepTask = RunSweepTask | RowSweepTask;

/** Added up over the shards that are done. */
export interface SweepTotals {
  /** Shards. */
  readonly done: number;
  /** Videos that were set aside. */
  readonly quarantined: number;
  readonly labels: LabelCounts;
  /** Of a row: test videos with a mask and scores. */
  readonly scored?: number;
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

/** A training in local-SGD rounds (method.md 7). */
export interface RoundsTask {
  readonly start: RoundsStart;
  readonly workers: number;
  /** At most: a reward fit may end early. */
  readonly rounds: number;
  /** Of each worker in each round; of a reward fit, whose rounds are epochs, nobody knows it before. */
  readonly steps?: number;
}

/** What the last round left. */
export interface RoundsSoFar {
  /** Rounds. */
  readonly done: number;
  readonly merged?: MergeRoundResult;
  readonly locals: readonly TrainLocallyResult[];
}

export interface RoundsInput {
  readonly task: RoundsTask;
  readonly steering: SteeringState;
  readonly soFar: RoundsSoFar;
}

/** Empty when it ended early, as it was told to. */
export interface RoundsResult {
  /** Of a fine-tuning; all that earlier versions said. */
  readonly best?: RatedPolicy;
  readonly done?: number;
  readonly merged?: MergeRoundResult;
}

/** How far a stage is. */
export interface StageReport<Totals> {
  /** Its workflow id. */
  readonly stage: string;
  /** Shards that it has in flight at most. */
  readonly concurrency: number;
  readonly totals: Totals;
}

/** What io workers look up in Temporal. */
export interface FleetActivities {
  /** Compute workers that wait for work, or work for the workflow that asks. */
  countComputeWorkers(): Promise<number>;
}
