/** One row of a comparison: its trainings, its adaptation, its masks of the test videos, their scores. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ApplicationFailure,
  type ChildWorkflowHandle,
  isCancellation,
  ParentClosePolicy,
  patched,
  sleep,
  startChild,
} from '@temporalio/workflow';
import type {
  ComparisonConfig,
  ComparisonState,
  RowPlan,
  RowResult,
  Trained,
} from '../contracts/comparison.ts';
import type { ComparisonRefs, PredictForSystemInput } from '../contracts/comparison-activities.ts';
import type { AdaptationInput } from '../contracts/messages.ts';
import type { ArtefactRef } from '../ground/artefact-ref.ts';
import { comparisonLimits, workflowPolicy } from '../temporal.config.ts';
import { adaptation } from './adaptation.ts';
import type { ComparisonBoard } from './comparison-board.ts';
import { withLowerRates } from './lower-rate.ts';
import * as activities from './proxies.ts';
import { refuseTooManyBad } from './quarantine.ts';
import { runSweep } from './run-sweep.ts';
import { type Steering, Stopped } from './steering.ts';

export interface ComparisonDesk {
  readonly run: string;
  readonly config: ComparisonConfig;
  readonly steering: Steering;
  readonly board: ComparisonBoard;
}

/** The state with the row in it. */
export async function compareRow(
  row: RowPlan,
  state: ComparisonState,
  desk: ComparisonDesk,
): Promise<ComparisonState> {
  const refs = refsOf(state, desk);
  let trained = state.trained;
  const trainings: Trained[] = [];
  let model = row.model;
  let last: ArtefactRef | undefined;
  for (const training of row.trainings) {
    const { initialPolicy } = state.plan;
    if (training.isSource && initialPolicy) {
      model = initialPolicy;
      continue;
    }
    const known = trained[training.name] ?? (await train(row, training, model, state, desk));
    trained = { ...trained, [training.name]: known };
    trainings.push(known.trained);
    model = known.model;
  }
  if (row.adaptation) {
    const adapted = await adapt(row.adaptation, model, row, desk);
    model = adapted.model;
    last = adapted.last;
  }
  const made = { ...(model && { model }), ...(last && { adapted: last }) };
  const missing = await predictAndScore({ ...refs, row: row.name, ...made }, state, desk);
  const result: RowResult = { name: row.name, ...(model && { model }), trainings, missing };
  return { ...state, trained, rows: [...state.rows, result] };
}

function refsOf({ plan }: ComparisonState, { run }: ComparisonDesk): ComparisonRefs {
  return { run, config: plan.config, plan: plan.plan, rows: plan.rows };
}

/** Labels the target first, where the training learns from that. */
async function train(
  { name: row }: RowPlan,
  { name: training, labels }: RowPlan['trainings'][number],
  before: ArtefactRef | undefined,
  state: ComparisonState,
  desk: ComparisonDesk,
) {
  const { steering, board } = desk;
  const input = { ...refsOf(state, desk), row, training };
  if (labels && before) {
    const { shards, videos } = state.plan.target;
    board.enter('labelling', row, shards);
    const { quarantined } = await runSweep(
      {
        work: 'label-for-row',
        refs: { ...input, model: before },
        shards: [{ split: 'target', count: shards }],
      },
      { steering, progress: board },
    );
    refuseTooManyBad(quarantined, videos, desk.config.run.sweep.maxQuarantinedShare, `labelling for ${row}`);
  }
  board.enter('training', row, 1);
  return withLowerRates((attempt) =>
    steering.interruptible(() => activities.trainSystem({ ...input, ...(before && { before }), ...attempt })),
  );
}

/** A run of this project, from what the trainings made; one that is complete answers at once. */
async function adapt(
  { run, config }: NonNullable<RowPlan['adaptation']>,
  start: ArtefactRef | undefined,
  { name: row }: RowPlan,
  { board, steering }: ComparisonDesk,
): Promise<{ model: ArtefactRef; last: ArtefactRef }> {
  board.enter('adapting', row, 1);
  // A comparison that an older version started left its adaptation alone.
  const leads = patched('adaptation-steered-by-its-comparison');
  if (leads) await steering.goOn();
  // It begins as its configuration says, which is not how many shards the comparison was told meanwhile.
  const asConfigured = steering.state.concurrency === config.sweep.concurrentShards;
  const told = asConfigured ? steering.state : { paused: false, stopping: false };
  const input = { run, config: start ? { ...config, initialPolicy: start.key } : config };
  const child = await startAdaptation(input, row, steering);
  const untie = leads ? steering.lead(child, told) : () => undefined;
  try {
    const { best, policies, stopped } = await child.result();
    // The table would say that it followed its configuration.
    if (stopped && !steering.state.stopping && patched('stopped-adaptation-is-no-row')) {
      throw ApplicationFailure.nonRetryable(
        `The adaptation ${run} was stopped before its end by request. What it has come to can be a row of another comparison, SYSTEM=${run}.`,
        'AdaptationStopped',
      );
    }
    return { model: best.policy, last: policies.at(-1)!.policy };
  } catch (error) {
    // It had no policy yet when it was told to stop.
    if (leads && steering.state.stopping && !isCancellation(error)) throw new Stopped();
    throw error;
  } finally {
    untie();
  }
}

/**
 * Waits for a run of the name that is under way: that of a comparison which was terminated and begun again still ends.
 * @throws Stopped, ApplicationFailure where it does not end
 */
async function startAdaptation(
  input: AdaptationInput,
  row: string,
  { goOn }: Steering,
): Promise<ChildWorkflowHandle<typeof adaptation>> {
  for (let waited = 0; ; waited += comparisonLimits.lookForEndMs) {
    try {
      return await startChild(adaptation, {
        ...workflowPolicy,
        workflowId: input.run,
        args: [input],
        parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
        staticSummary: `Adaptation for the row ${row} of a comparison`,
      });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      if (waited >= comparisonLimits.waitForEndMs) {
        throw ApplicationFailure.nonRetryable(
          `There is another run ${input.run} under way, which is the name of this row's adaptation. End it, or compare under another name.`,
          'ConfigInvalid',
        );
      }
    }
    await sleep(comparisonLimits.lookForEndMs);
    await goOn();
  }
}

/** @returns test videos without a mask. */
async function predictAndScore(
  refs: Omit<PredictForSystemInput, 'shard'>,
  { plan }: ComparisonState,
  { steering, board }: ComparisonDesk,
): Promise<number> {
  const { shards, videos } = plan.test;
  board.enter('predicting', refs.row, shards);
  const { scored = 0 } = await runSweep(
    { work: 'mask-for-row', refs, shards: [{ split: 'test', count: shards }] },
    { steering, progress: board },
  );
  return videos - scored;
}
