/** Where local-SGD rounds (method.md 7) lie: of each training and each of its attempts in a folder of their own. */
import type { z } from 'zod';
import { DomainError } from '../../ground/errors.ts';
import { inParallel } from '../../storage/in-parallel.ts';
import { runKeys } from '../../storage/keys.ts';
import { findJson } from '../artefacts/json-artefact.ts';
import { activityKeys } from '../artefacts/run-keys.ts';
import type { ActivityContext } from '../context.ts';
import { attemptFolder } from '../training/attempt.ts';

/** Which training in rounds, and which attempt at it. */
export type RoundsOf =
  | {
      readonly training?: 'fine-tuning' | 'reward-fit';
      readonly run: string;
      readonly iteration: number;
      readonly rateFactor?: number;
    }
  | { readonly training: 'pretraining'; readonly run: string; readonly rateFactor?: number };

/** A round of it. */
export type RoundOf = RoundsOf & { readonly round: number };

/** Key prefix of a round, ending in a slash. */
export function roundFolder(of: RoundOf): string {
  return activityKeys.round(attemptFolder(roundsFolder(of), of.rateFactor), of.round);
}

/** The document that ends a round. */
export function roundDocument(of: RoundOf): string {
  return `${roundFolder(of)}round.json`;
}

function roundsFolder(of: RoundsOf): string {
  if (of.training === 'pretraining') return runKeys.pretraining(of.run);
  const { run, iteration } = of;
  return of.training === 'reward-fit'
    ? activityKeys.rewardTraining(run, iteration)
    : activityKeys.rounds(run, iteration);
}

/**
 * The document of a round that was merged.
 * @throws DomainError ArtefactMissing
 */
export async function readRound<Schema extends z.ZodType>(
  of: RoundOf,
  schema: Schema,
  context: ActivityContext,
) {
  const key = roundDocument(of);
  const found = await findJson(context, key, schema);
  if (found) return found;
  throw new DomainError('ArtefactMissing', `The round ${key} was deleted from outside; start a new run.`, {
    key,
  });
}

/** Those of all rounds, in order: by their numbers, as there may be more than a workflow should hand over. */
export function readRounds<Schema extends z.ZodType>(
  of: RoundsOf,
  rounds: number,
  schema: Schema,
  context: ActivityContext,
) {
  const numbers = Array.from({ length: rounds }, (_, index) => index + 1);
  return inParallel(numbers, (round) => readRound({ ...of, round }, schema, context), {
    signal: context.signal,
    onProgress: (step, total) => context.heartbeat({ step, total }),
  });
}
