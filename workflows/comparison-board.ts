/** Where a comparison stands: the answer of its query, and the line that Temporal's own pages show. */
import { defineQuery, setCurrentDetails, setHandler } from '@temporalio/workflow';
import type { ComparisonProgress, ComparisonStage } from '../contracts/comparison.ts';
import type { SteeringState } from '../contracts/messages.ts';
import { steeringNames } from '../contracts/names.ts';

const comparisonProgressQuery = defineQuery<ComparisonProgress>(steeringNames.comparisonProgress);

export interface ComparisonBoard {
  /** Begins a stage of `total` units of a row. */
  enter(stage: ComparisonStage, row: string, total: number): void;
  /** So many units of the stage are finished. */
  reach(done: number): void;
  /** So many rows are done. */
  show(rowsDone: number): void;
  refresh(): void;
}

export interface BoardStart {
  readonly run: string;
  readonly rows: number;
  readonly startedAt: string;
  readonly steering: () => SteeringState;
}

/** Registers the query. */
export function openComparisonBoard({ run, rows, startedAt, steering }: BoardStart): ComparisonBoard {
  let stage: ComparisonStage = 'planning';
  let row = '';
  let rowsDone = 0;
  let done = 0;
  let total = 1;
  const current = (): ComparisonProgress => {
    const { paused, stopping } = steering();
    const state = stopping ? 'stopping' : paused ? 'paused' : 'running';
    return { run, state, row, rowsDone, rows, stage, done, total, startedAt };
  };
  const refresh = (): void =>
    setCurrentDetails(`**${stage}** ${row}, ${done} of ${total}; ${rowsDone} of ${rows} rows done`);
  setHandler(comparisonProgressQuery, current);
  return {
    enter(nextStage, nextRow, nextTotal) {
      stage = nextStage;
      row = nextRow;
      done = 0;
      total = nextTotal;
      refresh();
    },
    reach(nextDone) {
      done = nextDone;
      refresh();
    },
    show(finished) {
      rowsDone = finished;
      refresh();
    },
    refresh,
  };
}
