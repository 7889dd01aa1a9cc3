/** One iteration of the loop (method.md 1, steps a to e). */
import type { RunInput } from '../contracts/activities.ts';
import type { CarriedState, RewardModel } from '../contracts/messages.ts';
import { iterationStart } from '../decisions/iteration-start.ts';
import { addLabels, noLabels } from '../decisions/label-counts.ts';
import { evaluatePolicy } from './evaluate.ts';
import { fineTune } from './fine-tune.ts';
import { withLowerRates } from './lower-rate.ts';
import { refuseNothingToLearn } from './nothing-to-learn.ts';
import * as activities from './proxies.ts';
import { refuseTooManyBad } from './quarantine.ts';
import type { RunDesk } from './run-desk.ts';
import { sweep } from './sweep.ts';

/** From the state after iteration i - 1 to the state after iteration i. */
export async function adaptOnce(run: string, state: CarriedState, desk: RunDesk): Promise<CarriedState> {
  const { config, steering, progress } = desk;
  const refs: RunInput = { run, config: state.plan.config, plan: state.plan.plan };
  const iteration = state.policies.length;
  const { policy, reference } = iterationStart(state.policies, config);
  const { shards, videos } = state.plan.sweeps[iteration - 1]!;
  const concurrency = (): number => steering.state.concurrency;
  progress.show(state, iteration);

  // a. Sharded inference over this iteration's part of the target.
  progress.enter('predicting', shards, 'shards');
  let bad = 0;
  await sweep(shards, concurrency, async (shard) => {
    const input = { ...refs, iteration, split: 'target' as const, shard, policy };
    // Awaited first: `bad +=` would add to what it was before the others in flight were counted.
    const predicted = await steering.interruptible(() => activities.predictShard(input));
    bad += predicted.quarantined;
    progress.advance();
    progress.show({ ...state, quarantined: state.quarantined + bad }, iteration);
  });
  refuseTooManyBad(bad, videos, config.sweep.maxQuarantinedShare, `sweep of iteration ${iteration}`);

  // b. Reward labelling.
  progress.enter('labelling', shards, 'shards');
  const autoencoder = state.autoencoder;
  let labels = noLabels;
  await sweep(shards, concurrency, async (shard) => {
    const input = {
      ...refs,
      iteration,
      split: 'target' as const,
      shard,
      policy,
      ...(autoencoder && { autoencoder }),
    };
    const labelled = await steering.interruptible(() => activities.labelShard(input));
    bad += labelled.quarantined;
    labels = addLabels(labels, labelled.counts);
    progress.advance();
    const soFar = { ...state, quarantined: state.quarantined + bad, labels: [...state.labels, labels] };
    progress.show(soFar, iteration);
  });
  refuseTooManyBad(bad, videos, config.sweep.maxQuarantinedShare, `sweep of iteration ${iteration}`);

  refuseNothingToLearn([...state.labels, labels], config);

  // c. The reward network and its temperature.
  progress.enter('fitting the reward', 1);
  const fitted = await withLowerRates((attempt) =>
    steering.interruptible(() => activities.fitRewardNetwork({ ...refs, ...attempt, iteration })),
  );
  const reward: RewardModel = { ...fitted.reward, ...(state.landmark && { landmark: state.landmark }) };

  // d. PPO against the reward.
  const start = {
    ...refs,
    iteration,
    policy,
    reference,
    reward,
  };
  const tuned = await fineTune(start, videos, desk);

  // e. Evaluation on validation and test.
  const evaluated = await evaluatePolicy(
    refs,
    iteration,
    tuned.policy,
    { ...state, quarantined: state.quarantined + bad },
    desk,
  );
  const next: CarriedState = {
    ...state,
    policies: [...state.policies, { ...evaluated.result, reward: tuned.validationReward }],
    reward,
    labels: [...state.labels, labels],
    quarantined: evaluated.quarantined,
  };
  progress.show(next, iteration);
  return next;
}
