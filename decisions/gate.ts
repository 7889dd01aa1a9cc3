/**
 * The gate: the best policy of a run becomes the champion of a model when, on the same validation videos, it is no
 * worse than the champion that the run started from, or made where it was stopped and then went on.
 */
import type { PolicyRating, PolicyResult, PromotionResult } from '../contracts/results.ts';
import type { ArtefactRef } from '../ground/artefact-ref.ts';

/** What the gate asks of the champion that is there. */
export interface Holder {
  readonly policy: ArtefactRef;
  /** The run that made it, if one did. */
  readonly run?: string | undefined;
  readonly reason: string;
}

export interface Challenge {
  readonly run: string;
  readonly model: string;
  readonly best: PolicyResult;
  /** Those of the run, the one before adaptation first. */
  readonly policies: readonly PolicyResult[];
  readonly ratings: readonly PolicyRating[];
}

/** A run that is the champion already, by an earlier attempt, gets the same answer again. */
export function judgeChallenge(champion: Holder | undefined, challenge: Challenge): PromotionResult {
  const { run, model, best, policies } = challenge;
  if (!champion) return { promoted: true, reason: `${model} had no champion.` };
  const isOwn = champion.run === run;
  const isChampion = ({ policy }: PolicyResult) => policy.sha256 === champion.policy.sha256;
  if (isOwn && isChampion(best)) return { promoted: true, reason: champion.reason };
  const held = (isOwn ? policies : policies.slice(0, 1)).find(isChampion);
  if (!held) {
    return {
      promoted: false,
      reason: `The run did not start from the champion of ${model}, so the two were not compared. Promote the policy by hand if it is meant to replace it.`,
    };
  }
  if (isChampion(best))
    return { promoted: false, reason: 'No iteration was better than the champion on validation.' };
  const checks = compare(held, challenge);
  // A value that could not be measured is no reason to trust the challenger.
  const unknown = checks.filter(({ before, now }) => Number.isNaN(before) || Number.isNaN(now));
  if (unknown.length > 0) {
    const names = unknown.map(({ name }) => name).join(', ');
    return { promoted: false, reason: `Not known to be no worse on validation: no ${names} to compare.` };
  }
  const worse = checks.filter(({ before, now }) => now < before);
  return worse.length === 0
    ? { promoted: true, reason: `No worse on validation: ${checks.map(textOf).join(', ')}.` }
    : { promoted: false, reason: `Worse on validation: ${worse.map(textOf).join(', ')}.` };
}

interface Check {
  readonly name: string;
  /** NaN where it was not measured. */
  readonly before: number;
  readonly now: number;
}

function compare(held: PolicyResult, { best, ratings }: Challenge): Check[] {
  // A rating without videos is 0 and says nothing.
  const rewardOf = (iteration: number) =>
    ratings.find((rating) => rating.iteration === iteration && rating.videos > 0)?.reward ?? Number.NaN;
  return [
    { name: 'mean reward', before: rewardOf(held.iteration), now: rewardOf(best.iteration) },
    {
      name: 'share of anatomically valid videos',
      before: held.validation?.anatomicalValidity ?? Number.NaN,
      now: best.validation?.anatomicalValidity ?? Number.NaN,
    },
    {
      name: 'share of valid frames',
      before: held.validFrames ?? Number.NaN,
      now: best.validFrames ?? Number.NaN,
    },
  ];
}

function textOf({ name, before, now }: Check): string {
  return `${name} ${before.toFixed(4)} -> ${now.toFixed(4)}`;
}
