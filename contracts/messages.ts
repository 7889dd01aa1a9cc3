/**
 * What people and workflows say to each other: inputs, results, the progress query and the steering updates. Types alone, so that
 * the command line, the workers and the sandboxed workflows share them at no cost.
 */
import type { ArtefactRef } from '../ground/artefact-ref.ts';
import type { EvaluationNumbers, PolicyResult, PromotionResult } from './results.ts';
import type { RunConfig } from './run-config.ts';

export type { EvaluationNumbers, PolicyResult, PromotionResult };

/** Raised when the shape of `CarriedState` changes; a run refuses state that it does not understand. */
export const CARRIED_STATE_VERSION = 1;

/** Steps of an adaptation in the order of method.md 1. */
export type Stage =
  | 'planning'
  | 'pretraining'
  | 'fitting the shape autoencoder'
  | 'fitting the landmark reward'
  | 'predicting'
  | 'labelling'
  | 'fitting the reward'
  | 'fine-tuning'
  | 'evaluating'
  | 'selecting'
  | 'reporting'
  | 'done';

export interface AdaptationInput {
  /** Names the run in the store and is its workflow id. */
  readonly run: string;
  readonly config: RunConfig;
  /** The model that the best policy becomes the champion of, when it passes the gate. */
  readonly model?: string;
  /** Set by continue-as-new only. */
  readonly carried?: CarriedState;
}

/** What became of the videos that a sweep labelled (method.md 4.3). */
export interface LabelCounts {
  readonly kept: number;
  readonly corrected: number;
  readonly rejected: number;
  readonly triples: number;
}

/** Size of a piece of work that is done in shards. */
export interface SweepSize {
  readonly shards: number;
  readonly videos: number;
}

/** The frozen plan: where it lies, and the counts that orchestration needs. */
export interface RunPlan {
  readonly config: ArtefactRef;
  readonly plan: ArtefactRef;
  /** One entry per iteration. */
  readonly sweeps: readonly SweepSize[];
  readonly validation: SweepSize;
  readonly test: SweepSize;
  readonly initialPolicy?: ArtefactRef;
}

/** The reward networks that judge a policy; their maps are fused by the pixelwise minimum (method.md 5.4). */
export interface RewardModel {
  /** The anatomical network. */
  readonly network: ArtefactRef;
  /** Divides the logits of the anatomical network before the sigmoid (method.md 5.3). */
  readonly temperature: number;
  readonly landmark?: ArtefactRef;
}

/** Everything that one run of history hands to the next. */
export interface CarriedState {
  readonly version: typeof CARRIED_STATE_VERSION;
  readonly startedAt: string;
  readonly plan: RunPlan;
  readonly autoencoder?: ArtefactRef;
  /** The landmark reward network. */
  readonly landmark?: ArtefactRef;
  /** One per finished iteration, the policy before adaptation first. */
  readonly policies: readonly PolicyResult[];
  readonly reward?: RewardModel;
  readonly labels: readonly LabelCounts[];
  readonly quarantined: number;
  readonly steering: SteeringState;
}

export interface SteeringState {
  readonly paused: boolean;
  readonly stopping: boolean;
  /** Shards in flight at once. */
  readonly concurrency: number;
}

export interface AdaptationResult {
  readonly run: string;
  readonly policies: readonly PolicyResult[];
  readonly best: PolicyResult;
  readonly report: ArtefactRef;
  readonly quarantined: number;
  /** True when the run was ended early by the `stop` update. */
  readonly stopped: boolean;
  readonly promotion?: PromotionResult;
}

/** Answer of the `progress` query. */
export interface Progress {
  readonly run: string;
  readonly stage: Stage;
  readonly state: 'running' | 'paused' | 'stopping';
  /** 0 before the first iteration. */
  readonly iteration: number;
  readonly iterations: number;
  /** Units of this stage that are finished, of `total`. Training stages count as one unit; their steps are in heartbeats. */
  readonly done: number;
  readonly total: number;
  readonly unit: 'shards' | 'steps' | 'rounds';
  /** ISO 8601 in UTC. */
  readonly startedAt: string;
  readonly stageStartedAt: string;
  /** Of this stage, once something is finished. */
  readonly etaSeconds?: number;
  /** Latest mean reward on validation videos. */
  readonly reward?: number;
  readonly before?: EvaluationNumbers;
  readonly now?: EvaluationNumbers;
  readonly labels?: LabelCounts;
  readonly quarantined: number;
  readonly concurrency: number;
}

/** Heartbeat of a compute activity: small, and enough to follow a training from outside. */
export interface Heartbeat {
  readonly step: number;
  /** Of all steps, at most. */
  readonly total: number;
  /** What the steps go through just now, where they do not train: `validation windows`, say. */
  readonly phase?: string;
  readonly loss?: number;
  readonly reward?: number;
}

export interface NightlyInput {
  /** The model whose champion is adapted further and replaced when the result is no worse. */
  readonly model: string;
  readonly config: RunConfig;
}

export interface NightlyResult {
  readonly run: string;
  readonly promotion: PromotionResult;
}

/** Names of the workflow types, as the server knows them. */
export const workflowTypes = { adaptation: 'adaptation', nightly: 'nightly' } as const;

/** Names of the query and the updates that a running adaptation answers. */
export const steeringNames = {
  progress: 'progress',
  pause: 'pause',
  resume: 'resume',
  stop: 'stop',
  setConcurrency: 'setConcurrency',
} as const;
