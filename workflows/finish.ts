/**
 * The end of a run: rate all its policies by one reward network, keep the best, let it pass the gate, write the
 * report.
 */
import { patched } from '@temporalio/workflow';
import type { RatePolicyResult } from '../contracts/activities.ts';
import type { AdaptationInput, AdaptationResult, CarriedState } from '../contracts/messages.ts';
import type { RunInput } from '../contracts/training-activities.ts';
import * as activities from './proxies.ts';
import type { RunDesk } from './run-desk.ts';
import { sideBySide } from './side-by-side.ts';

export async function selectPromoteReport(
  input: AdaptationInput,
  state: CarriedState,
  { progress, steering }: RunDesk,
): Promise<AdaptationResult> {
  const { policies, plan, reward, labels, quarantined } = state;
  const refs: RunInput = { run: input.run, config: plan.config, plan: plan.plan };
  progress.show(state, policies.length - 1);

  // Rewards of different iterations come from different networks; the last one judges all policies alike.
  progress.enter('selecting', policies.length + 1);
  const ratings: RatePolicyResult[] = [];
  if (reward && plan.validation.videos > 0) {
    const among = policies.map(({ iteration }) => iteration);
    // A run that an older version started rates them one after the other.
    const atOnce = patched('policies-rated-at-once') ? policies.length : 1;
    await sideBySide({ from: 0, to: policies.length, concurrency: () => atOnce }, async (index) => {
      const { iteration, policy } = policies[index]!;
      ratings[index] = await activities.ratePolicy({ ...refs, iteration, policy, reward, among });
      progress.advance();
    });
  }
  const { best, selection } = await activities.selectBest({ ...refs, policies, ratings });
  const promotion =
    input.model === undefined
      ? undefined
      : await activities.promote({ ...refs, model: input.model, best, selection });

  progress.enter('reporting', 1);
  const { report, change, changeFromPlain } = await activities.writeReport({
    ...refs,
    policies,
    best,
    labels,
    quarantined,
    ...(promotion && { promotion }),
  });
  progress.enter('done', 1);
  progress.advance();
  return {
    run: input.run,
    policies,
    best,
    report,
    quarantined,
    stopped: steering.state.stopping,
    ...(promotion && { promotion }),
    ...(change && { change }),
    ...(changeFromPlain && { changeFromPlain }),
  };
}
