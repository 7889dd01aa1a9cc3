/**
 * The whole adaptation (method.md 1), top to bottom as the paper's algorithm: pretrain, then per iteration predict,
 * label, fit the reward, fine-tune, evaluate; at the end keep the best. One iteration is one run of history: the next
 * one continues as new.
 */
import {
  ApplicationFailure,
  allHandlersFinished,
  condition,
  continueAsNew,
  patched,
  upsertMemo,
} from '@temporalio/workflow';
import type {
  AdaptationInput,
  AdaptationResult,
  CarriedState,
  SteeringState,
} from '../contracts/messages.ts';
import { CARRIED_STATE_VERSION } from '../contracts/names.ts';
import type { RunConfig } from '../contracts/run-config.ts';
import type { RunInput } from '../contracts/training-activities.ts';
import { endsAsCancelled } from './cancelled.ts';
import { evaluatePolicy } from './evaluate.ts';
import { selectPromoteReport } from './finish.ts';
import { type FirstTraining, trainAtOnce } from './first-trainings.ts';
import { adaptOnce } from './iteration.ts';
import { withLowerRates } from './lower-rate.ts';
import { pretrain } from './pretrain.ts';
import { openProgressBoard } from './progress.ts';
import * as activities from './proxies.ts';
import type { RunDesk } from './run-desk.ts';
import { openSteering, Stopped } from './steering.ts';

export async function adaptation(input: AdaptationInput): Promise<AdaptationResult> {
  return endsAsCancelled('run', () => adapt(input));
}

async function adapt(input: AdaptationInput): Promise<AdaptationResult> {
  const { config, carried } = input;
  if (carried && carried.version !== CARRIED_STATE_VERSION) {
    throw ApplicationFailure.nonRetryable(
      `The run carries state of version ${carried.version}, this worker understands ${CARRIED_STATE_VERSION}. Let workers of the version that started the run finish it.`,
      'ConfigInvalid',
    );
  }
  const startedAt = carried?.startedAt ?? new Date().toISOString();
  const steering = openSteering(
    carried?.steering ?? { paused: false, stopping: false, ...concurrencyOf(config) },
  );
  const progress = openProgressBoard({
    run: input.run,
    iterations: config.iterations,
    startedAt,
    steering: () => ({ ...steering.state, concurrency: steering.concurrency() }),
  });
  steering.onChange(progress.refresh);
  // The comparison that it is part of, say.
  steering.obey();
  // Last, as an update that is waiting is taken at once and shown.
  steering.accept();
  const desk: RunDesk = { config, steering, progress };

  let state = carried ?? (await prepare(input.run, startedAt, desk));
  try {
    if (state.policies.length === 0) state = await makeFirstPolicy(input.run, state, desk);
    else state = await adaptOnce(input.run, state, desk);
    if (state.policies.length <= config.iterations) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof adaptation>({ ...input, carried: { ...state, steering: steering.state } });
    }
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    if (state.policies.length === 0) {
      throw ApplicationFailure.nonRetryable(
        'The run was stopped before it had a policy: there is nothing to report.',
        'Stopped',
      );
    }
  }
  return selectPromoteReport(input, state, desk);
}

function concurrencyOf({ sweep }: RunConfig): Pick<SteeringState, 'concurrency'> {
  return sweep.concurrentShards === undefined ? {} : { concurrency: sweep.concurrentShards };
}

/** Freezes the configuration and decides which videos each part of the run works on. */
async function prepare(
  run: string,
  startedAt: string,
  { config, progress, steering }: RunDesk,
): Promise<CarriedState> {
  upsertMemo({ source: config.source, target: config.target, preset: config.preset, seed: config.seed });
  progress.enter('planning', 1);
  const plan = await activities.planRun({ run, config });
  progress.advance();
  return {
    version: CARRIED_STATE_VERSION,
    startedAt,
    plan,
    policies: [],
    labels: [],
    quarantined: 0,
    steering: steering.state,
  };
}

/** Policy 0 and, on the same annotations, the models of shape and the landmark reward network. */
async function makeFirstPolicy(run: string, state: CarriedState, desk: RunDesk): Promise<CarriedState> {
  const { config, progress, steering } = desk;
  const refs: RunInput = { run, config: state.plan.config, plan: state.plan.plan };
  let policy = state.plan.initialPolicy;
  let autoencoder = state.autoencoder;
  const trainings: FirstTraining[] = [];
  if (!policy) {
    trainings.push([
      'pretraining',
      async () => {
        const pretrained = await pretrain(refs, desk);
        policy = pretrained.policy;
        return pretrained;
      },
    ]);
  }
  if (config.autoencoder.enabled) {
    trainings.push([
      'fitting the shape autoencoder',
      async () => {
        const fitted = await withLowerRates((attempt) =>
          steering.interruptible(() => activities.fitShapeAutoencoder({ ...refs, ...attempt })),
        );
        autoencoder = fitted.autoencoder;
        return fitted;
      },
    ]);
  }
  // A run that an older version started does not have this section of the configuration.
  if (config.inference.completion?.enabled)
    trainings.push([
      'fitting the linear shapes',
      () => steering.interruptible(() => activities.fitLinearShapes(refs)),
    ]);
  let bad = await trainAtOnce(trainings, progress);
  let landmark = state.landmark;
  // A run that an older version started has neither the step nor its section of the configuration.
  if (patched('landmark-reward') && config.landmark?.enabled) {
    progress.enter('fitting the landmark reward', 1);
    const start = { ...refs, policy: policy! };
    const fitted = await withLowerRates((attempt) =>
      steering.interruptible(() => activities.fitLandmarkReward({ ...start, ...attempt })),
    );
    landmark = fitted.landmark;
    bad = Math.max(bad, fitted.quarantined);
  }
  const quarantined = state.quarantined + bad;
  const evaluated = await evaluatePolicy(refs, 0, policy!, { ...state, quarantined }, desk);
  return {
    ...state,
    ...(autoencoder && { autoencoder }),
    ...(landmark && { landmark }),
    policies: [evaluated.result],
    quarantined: evaluated.quarantined,
  };
}
