/**
 * What every training of the method is, so that one loop can drive, save and resume them all: steps that follow from
 * the state and the seed alone, and a state that is arrays and a little JSON.
 */
import type { z } from 'zod';
import type { NamedArrays } from '../networks/named-arrays.ts';

/** Everything that the next step depends on, beside the options of the training. */
export interface TrainingState<Progress> {
  /** Host copies of weights, moments and what else is trained. Not to be changed, also not by later steps. */
  readonly arrays: NamedArrays;
  /** The rest; a plain value that JSON keeps exactly, and that later steps leave as it is. */
  readonly progress: Progress;
}

export interface TrainingStep<Measure extends string = string> {
  /** What was measured in the step, by name; of steps that do not train, what there is to measure. */
  readonly measures: Readonly<Record<Measure, number>>;
}

/** How far a training is, for people. */
export interface TrainingCount {
  /** Calls of `step` so far, those before a `restore` included. */
  readonly done: number;
  /** All calls from the first to the last, at most: a training may end early. */
  readonly total: number;
  /** What the next step goes through, where it does not train the network: `validation windows`, say. */
  readonly phase?: string | undefined;
}

export interface Training<Progress> {
  /** Checks a stored progress, such as one that an older version wrote. */
  readonly progressSchema: z.ZodType<Progress>;
  readonly progress: Progress;
  readonly count: TrainingCount;
  readonly done: boolean;
  /**
   * Waits until all that the next step reads is at hand, and changes nothing; a training whose data is in memory has
   * nothing to wait for. To be called before each step.
   * @throws what its source of data throws
   */
  ready?(): Promise<void>;
  /**
   * Takes the next step.
   * @throws DomainError Diverged when what it made is not to be gone on from; Error when the training is done.
   */
  step(): TrainingStep;
  state(): TrainingState<Progress>;
  /**
   * Goes on from a state that the same options gave.
   * @throws DomainError CheckpointIncompatible when arrays are missing or have other shapes.
   */
  restore(state: TrainingState<Progress>): void;
  /** Frees what the training made; networks stay their owner's. */
  dispose(): void;
}

/** @throws Error when the training is done: a mistake of whoever drives it, not of its data. */
export function refuseStepWhenDone({ done }: { readonly done: boolean }, training: string): void {
  if (done) throw new Error(`${training} is done: there is no step left to take`);
}
