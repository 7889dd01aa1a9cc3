/**
 * A comparison of systems (docs/comparison.md), top to bottom: freeze what is compared; then row by row train the
 * system or take its model, predict the test videos, score them; at the end one table of all rows. One row is one run
 * of history: the next one continues as new. A row that cannot be had says why in the table and ends nothing.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  ChildWorkflowFailure,
  condition,
  continueAsNew,
  patched,
  upsertMemo,
} from '@temporalio/workflow';
import type {
  ComparisonInput,
  ComparisonPlan,
  ComparisonResult,
  ComparisonState,
  RowPlan,
  RowResult,
} from '../contracts/comparison.ts';
import { COMPARISON_STATE_VERSION } from '../contracts/names.ts';
import { endsAsCancelled } from './cancelled.ts';
import { openComparisonBoard } from './comparison-board.ts';
import { type ComparisonDesk, compareRow } from './comparison-row.ts';
import * as activities from './proxies.ts';
import { openSteering, Stopped } from './steering.ts';

export async function comparison(input: ComparisonInput): Promise<ComparisonResult> {
  return endsAsCancelled('comparison', () => compare(input));
}

async function compare(input: ComparisonInput): Promise<ComparisonResult> {
  const { run, config, carried } = input;
  if (carried && carried.version !== COMPARISON_STATE_VERSION) {
    throw ApplicationFailure.nonRetryable(
      `The comparison carries state of version ${carried.version}, this worker understands ${COMPARISON_STATE_VERSION}. Let workers of the version that started it finish it.`,
      'ConfigInvalid',
    );
  }
  const startedAt = carried?.startedAt ?? new Date().toISOString();
  const { concurrentShards } = config.run.sweep;
  const steering = openSteering(
    carried?.steering ?? {
      paused: false,
      stopping: false,
      ...(concurrentShards !== undefined && { concurrency: concurrentShards }),
    },
  );
  const rows = config.rows.length;
  const board = openComparisonBoard({ run, rows, startedAt, steering: () => steering.state });
  steering.accept();
  steering.onChange(board.refresh);
  const desk: ComparisonDesk = { run, config, steering, board };

  let state = carried ?? (await prepare(startedAt, desk));
  try {
    if (!carried) await fitShapes(state.plan, desk);
    if (state.rows.length < rows) state = await nextRow(state, desk);
    if (state.rows.length < rows) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof comparison>({ ...input, carried: { ...state, steering: steering.state } });
    }
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
  }

  board.enter('writing the table', '', 1);
  const { config: configRef, plan, rows: rowsRef } = state.plan;
  const files = await activities.writeComparison({
    run,
    config: configRef,
    plan,
    rows: rowsRef,
    results: state.rows,
  });
  board.enter('done', '', 1);
  return { run, rows: state.rows, files, stopped: steering.state.stopping };
}

async function prepare(
  startedAt: string,
  { run, config, steering, board }: ComparisonDesk,
): Promise<ComparisonState> {
  const { source, target, preset, seed } = config.run;
  upsertMemo({ source, target, preset, seed });
  board.enter('planning', '', 1);
  const plan = await activities.planComparison({ run, config });
  return {
    version: COMPARISON_STATE_VERSION,
    startedAt,
    plan,
    trained: {},
    rows: [],
    steering: steering.state,
  };
}

/** Of the same source for every policy; masks that were made elsewhere need none. @throws Stopped */
async function fitShapes(
  { config: configRef, plan, rowPlans }: ComparisonPlan,
  { run, config, steering, board }: ComparisonDesk,
): Promise<void> {
  const learns = rowPlans.some(
    ({ trainings, adaptation }) => trainings.length > 0 || adaptation !== undefined,
  );
  if (!config.run.inference.completion?.enabled || !learns) return;
  board.enter('fitting the linear shapes', '', 1);
  const fit = () => activities.fitLinearShapes({ run, config: configRef, plan });
  // A comparison that an older version started fitted them whatever it was told.
  await (patched('shapes-of-comparison-steered') ? steering.interruptible(fit) : fit());
}

async function nextRow(state: ComparisonState, desk: ComparisonDesk): Promise<ComparisonState> {
  const row = state.plan.rowPlans[state.rows.length]!;
  desk.board.show(state.rows.length);
  try {
    return await compareRow(row, state, desk);
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === undefined || CancellationScope.current().consideredCancelled) throw error;
    return { ...state, rows: [...state.rows, withoutNumbers(row, reason)] };
  }
}

function withoutNumbers({ name }: RowPlan, unavailable: string): RowResult {
  return { name, trainings: [], missing: 0, unavailable };
}

/** What an activity or a run said when it failed for good; undefined for anything else, which fails the comparison. */
function reasonOf(error: unknown): string | undefined {
  if (error instanceof Stopped) return undefined;
  const expected = error instanceof ActivityFailure || error instanceof ChildWorkflowFailure;
  // The first that an activity or a workflow wrote: what that was caused by is a library's, and not for people.
  let said = error;
  while (said instanceof Error && !(said instanceof ApplicationFailure)) said = said.cause;
  return said instanceof ApplicationFailure && (expected || said === error) ? said.message : undefined;
}
