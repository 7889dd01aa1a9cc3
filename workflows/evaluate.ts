/**
 * Evaluation of one policy on validation and test videos: predict and score in shards, then summarise (method.md 1e,
 * 9).
 */
import type { CarriedState } from '../contracts/messages.ts';
import type { PolicyResult } from '../contracts/results.ts';
import type { SweepTask } from '../contracts/stages.ts';
import type { RunInput } from '../contracts/training-activities.ts';
import type { ArtefactRef } from '../ground/artefact-ref.ts';
import * as activities from './proxies.ts';
import { refuseTooManyBad } from './quarantine.ts';
import type { RunDesk } from './run-desk.ts';
import { runSweep } from './run-sweep.ts';

export interface Evaluated {
  readonly result: PolicyResult;
  /** Of the whole run, with what this evaluation found. */
  readonly quarantined: number;
}

/** @throws ApplicationFailure DatasetInvalid when too large a share of the videos is unusable. */
export async function evaluatePolicy(
  refs: RunInput,
  iteration: number,
  policy: ArtefactRef,
  state: CarriedState,
  desk: RunDesk,
): Promise<Evaluated> {
  const { config, progress } = desk;
  const { validation, test } = state.plan;
  const shards: SweepTask['shards'] = [
    { split: 'validation', count: validation.shards },
    { split: 'test', count: test.shards },
  ];
  progress.enter('evaluating', validation.shards + test.shards + 1, 'shards');
  const { quarantined: bad } = await runSweep({ refs, iteration, work: 'evaluate', shards, policy }, desk);
  refuseTooManyBad(bad, validation.videos + test.videos, config.sweep.maxQuarantinedShare, 'evaluation');
  const summarised = await activities.summariseEvaluation({ ...refs, iteration });
  progress.advance();
  return {
    result: { iteration, policy, ...summarised },
    // The same videos are evaluated again after every iteration: they count once.
    quarantined: state.quarantined + (iteration === 0 ? bad : 0),
  };
}
