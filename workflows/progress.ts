/** Where a run stands: the answer of the `progress` query, and the lines that Temporal's own pages show. */
import { defineQuery, setCurrentDetails, setHandler } from '@temporalio/workflow';
import type { CarriedState, Progress, Stage, SteeringState } from '../contracts/messages.ts';
import { steeringNames } from '../contracts/names.ts';
import type { EvaluationNumbers } from '../contracts/results.ts';
import { counted } from '../ground/counted.ts';

export const progressQuery = defineQuery<Progress>(steeringNames.progress);

export interface ProgressBoard {
  /** Begins a stage of `total` units. */
  enter(stage: Stage, total: number, unit?: Progress['unit']): void;
  /** One unit of the stage is finished. */
  advance(): void;
  /** So many units of the stage are finished. */
  reach(done: number): void;
  /** Shows what changed in the state of the run. */
  show(state: Pick<CarriedState, 'policies' | 'quarantined' | 'labels'>, iteration: number): void;
  refresh(): void;
}

export interface ProgressStart {
  readonly run: string;
  readonly iterations: number;
  readonly startedAt: string;
  readonly steering: () => SteeringState & { readonly concurrency: number };
}

/** Registers the query. */
export function openProgressBoard(start: ProgressStart): ProgressBoard {
  let stage: Stage = 'planning';
  let stageStartedMs = Date.now();
  let done = 0;
  let total = 1;
  let unit: Progress['unit'] = 'steps';
  let iteration = 0;
  let shown: Pick<CarriedState, 'policies' | 'quarantined' | 'labels'> = {
    policies: [],
    quarantined: 0,
    labels: [],
  };

  const current = (): Progress => {
    const { paused, stopping, concurrency } = start.steering();
    const elapsedSeconds = (Date.now() - stageStartedMs) / 1000;
    const first = numbersOf(shown.policies.at(0));
    const last = numbersOf(shown.policies.at(-1));
    const reward = shown.policies.at(-1)?.reward;
    const labels = shown.labels.at(-1);
    return {
      run: start.run,
      stage,
      state: stopping ? 'stopping' : paused ? 'paused' : 'running',
      iteration,
      iterations: start.iterations,
      done,
      total,
      unit,
      startedAt: start.startedAt,
      stageStartedAt: new Date(stageStartedMs).toISOString(),
      ...(done > 0 && { etaSeconds: Math.round((elapsedSeconds / done) * (total - done)) }),
      ...(reward !== undefined && { reward }),
      ...(first && { before: first }),
      ...(last && { now: last }),
      ...(labels && { labels }),
      quarantined: shown.quarantined,
      concurrency,
    };
  };

  const refresh = (): void => setCurrentDetails(describe(current()));
  setHandler(progressQuery, current);
  return {
    enter(nextStage, nextTotal, nextUnit = 'steps') {
      stage = nextStage;
      stageStartedMs = Date.now();
      done = 0;
      total = nextTotal;
      unit = nextUnit;
      refresh();
    },
    advance() {
      done++;
      refresh();
    },
    reach(nextDone) {
      done = nextDone;
      refresh();
    },
    show(state, nextIteration) {
      shown = state;
      iteration = nextIteration;
      refresh();
    },
    refresh,
  };
}

/** Numbers against a reference say more, so the test videos count where there are any. */
function numbersOf(result: CarriedState['policies'][number] | undefined): EvaluationNumbers | undefined {
  return result?.test ?? result?.validation;
}

function describe(progress: Progress): string {
  const lines = [
    `**${progress.stage}**, iteration ${progress.iteration} of ${progress.iterations}, ${progress.state}`,
    `${progress.done} of ${progress.total} ${progress.unit}; ${counted(progress.quarantined, 'video')} quarantined`,
  ];
  if (progress.reward !== undefined) lines.push(`validation reward ${progress.reward.toFixed(4)}`);
  if (progress.before && progress.now) {
    lines.push(`before: ${describeNumbers(progress.before)}`, `now: ${describeNumbers(progress.now)}`);
  }
  return lines.join('\n\n');
}

function describeNumbers(numbers: EvaluationNumbers): string {
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const parts = [
    `anatomically valid ${percent(numbers.anatomicalValidity)}`,
    `temporally valid ${percent(numbers.temporalValidity)}`,
  ];
  if (numbers.dice !== undefined) parts.unshift(`Dice ${numbers.dice.toFixed(4)}`);
  if (numbers.hausdorffMm !== undefined) parts.push(`Hausdorff ${numbers.hausdorffMm.toFixed(2)} mm`);
  return parts.join(', ');
}
