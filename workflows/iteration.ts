/** One iteration of the loop (method.md 1, steps a to e). */
import type { CarriedState, RewardModel } from '../contracts/messages.ts';
import type { RunSweepTask, SweepTotals } from '../contracts/stages.ts';
import type { RunInput } from '../contracts/training-activities.ts';
import { iterationStart } from '../decisions/iteration-start.ts';
import { evaluatePolicy } from './evaluate.ts';
import { fineTune } from './fine-tune.ts';
import { fitReward } from './fit-reward.ts';
import { refuseNothingToLearn } from './nothing-to-learn.ts';
import { refuseTooManyBad } from './quarantine.ts';
import type { RunDesk } from './run-desk.ts';
import { runSweep } from './run-sweep.ts';

/** From the state after iteration i - 1 to the state after iteration i. */
export async function adaptOnce(run: string, state: CarriedState, desk: RunDesk): Promise<CarriedState> {
  const { config, progress } = desk;
  const refs: RunInput = { run, config: state.plan.config, plan: state.plan.plan };
  const iteration = state.policies.length;
  const { policy, reference } = iterationStart(state.policies, config);
  const { shards, videos } = state.plan.sweeps[iteration - 1]!;
  const target: Omit<RunSweepTask, 'work'> = {
    refs,
    iteration,
    policy,
    shards: [{ split: 'target', count: shards }],
  };
  progress.show(state, iteration);

  // a. Sharded inference over this iteration's part of the target.
  progress.enter('predicting', shards, 'shards');
  const showPredicted = ({ quarantined }: SweepTotals): void =>
    progress.show({ ...state, quarantined: state.quarantined + quarantined }, iteration);
  const predicted = await runSweep({ ...target, work: 'predict' }, desk, showPredicted);
  let bad = predicted.quarantined;
  refuseTooManyBad(bad, videos, config.sweep.maxQuarantinedShare, `sweep of iteration ${iteration}`);

  // b. Reward labelling.
  progress.enter('labelling', shards, 'shards');
  const { autoencoder } = state;
  const showLabelled = ({ quarantined, labels }: SweepTotals): void => {
    const soFar = state.quarantined + predicted.quarantined + quarantined;
    progress.show({ ...state, quarantined: soFar, labels: [...state.labels, labels] }, iteration);
  };
  const toLabel: RunSweepTask = { ...target, work: 'label', ...(autoencoder && { autoencoder }) };
  const labelled = await runSweep(toLabel, desk, showLabelled);
  const { labels } = labelled;
  bad += labelled.quarantined;
  refuseTooManyBad(bad, videos, config.sweep.maxQuarantinedShare, `sweep of iteration ${iteration}`);

  refuseNothingToLearn([...state.labels, labels], config);

  // c. The reward network and its temperature.
  const fitted = await fitReward({ ...refs, iteration }, desk);
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
