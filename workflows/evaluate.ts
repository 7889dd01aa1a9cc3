/**
 * Evaluation of one policy on validation and test videos: predict and score in shards, then summarise (method.md 1e,
 * 9).
 */
import type { RunInput, SweepSplit } from '../contracts/activities.ts';
import type { CarriedState } from '../contracts/messages.ts';
import type { PolicyResult } from '../contracts/results.ts';
import type { ArtefactRef } from '../ground/artefact-ref.ts';
import * as activities from './proxies.ts';
import { refuseTooManyBad } from './quarantine.ts';
import type { RunDesk } from './run-desk.ts';
import { sweep } from './sweep.ts';

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
  { config, steering, progress }: RunDesk,
): Promise<Evaluated> {
  const { validation, test } = state.plan;
  const shards: { split: SweepSplit; shard: number }[] = [];
  for (let shard = 0; shard < validation.shards; shard++) shards.push({ split: 'validation', shard });
  for (let shard = 0; shard < test.shards; shard++) shards.push({ split: 'test', shard });

  progress.enter('evaluating', shards.length + 1, 'shards');
  let bad = 0;
  await sweep(
    shards.length,
    () => steering.state.concurrency,
    async (index) => {
      const input = { ...refs, iteration, ...shards[index]! };
      const predicted = await steering.interruptible(() => activities.predictShard({ ...input, policy }));
      const scored = await steering.interruptible(() => activities.scoreShard(input));
      bad += predicted.quarantined + scored.quarantined;
      progress.advance();
    },
  );
  refuseTooManyBad(bad, validation.videos + test.videos, config.sweep.maxQuarantinedShare, 'evaluation');
  const {
    evaluation,
    validation: onValidation,
    test: onTest,
    validFrames,
  } = await activities.summariseEvaluation({
    ...refs,
    iteration,
  });
  progress.advance();
  return {
    result: {
      iteration,
      policy,
      evaluation,
      ...(onValidation && { validation: onValidation }),
      ...(onTest && { test: onTest }),
      ...(validFrames !== undefined && { validFrames }),
    },
    // The same videos are evaluated again after every iteration: they count once.
    quarantined: state.quarantined + (iteration === 0 ? bad : 0),
  };
}
