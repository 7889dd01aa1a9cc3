/**
 * A stage of a run in a workflow of its own, so that the run's history stays short however long the stage is. Before
 * its own history grows long it continues as new. It is steered as the run is, and reports to it.
 */
import {
  defineSignal,
  getExternalWorkflowHandle,
  ParentClosePolicy,
  patched,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { SteeringState } from '../contracts/messages.ts';
import { stageSignals } from '../contracts/names.ts';
import type { StageReport } from '../contracts/stages.ts';
import { historyBudgets, workflowPolicy } from '../temporal.config.ts';
import { openSteering, type Steering } from './steering.ts';

/** From a stage: how far it is. */
const reportSignal = defineSignal<[StageReport<unknown>]>(stageSignals.report);

export interface ChildStage<Input extends { readonly steering: SteeringState }, Result> {
  readonly workflow: (input: Input) => Promise<Result>;
  /** Names the stage within its run, such as `predict-1`. */
  readonly name: string;
  /** For the people who look at Temporal's pages. */
  readonly summary: string;
  readonly input: Omit<Input, 'steering'>;
}

/**
 * Runs the stage to its end; with a terminated run it is terminated, with a cancelled one cancelled.
 * @param onReport called with its totals now and then
 */
export async function inChild<Totals, Input extends { readonly steering: SteeringState }, Result>(
  run: string,
  { workflow, name, summary, input }: ChildStage<Input, Result>,
  steering: Steering,
  onReport: (totals: Totals) => void,
): Promise<Result> {
  const told = steering.state;
  // A run that was terminated and begun again meets its former stages while they end.
  const workflowId = `${run}/${name}/${workflowInfo().runId.slice(0, 8)}`;
  setHandler(reportSignal, (report) => {
    if (report.stage !== workflowId) return;
    steering.allow(report.concurrency);
    onReport(report.totals as Totals);
  });
  const child = await startChild<(input: Input) => Promise<Result>>(workflow.name, {
    ...workflowPolicy,
    workflowId,
    args: [{ ...input, steering: told } as unknown as Input],
    parentClosePolicy: ParentClosePolicy.TERMINATE,
    staticSummary: summary,
  });
  const untie = steering.lead(child, told);
  try {
    return await child.result();
  } finally {
    untie();
  }
}

export interface RunOfStage<Totals> {
  /** As the run is steered. */
  readonly steering: Steering;
  /** Tells the run how far the stage is, for display: what counts is its result. */
  report(totals: Totals): void;
  /** False once the stage should end what it has begun, so many pieces, and continue as new. */
  mayGoOn(inFlight: number): boolean;
}

/**
 * The stage's side: what a workflow that `inChild` started has at hand.
 * @param eventsOfPiece that a piece of its work in flight may still add to the history
 */
export function openStage<Totals>(told: SteeringState, eventsOfPiece: number): RunOfStage<Totals> {
  const steering = openSteering(told);
  steering.obey();
  // A stage that an older version started looks at what has happened alone.
  const countsInFlight = patched('stages-count-what-is-in-flight');
  const { parent, workflowId } = workflowInfo();
  return {
    steering,
    report(totals) {
      if (!parent) return;
      getExternalWorkflowHandle(parent.workflowId)
        .signal(reportSignal, { stage: workflowId, concurrency: steering.concurrency(), totals })
        .catch(() => undefined);
    },
    mayGoOn(inFlight) {
      const toCome = countsInFlight ? inFlight * eventsOfPiece : 0;
      return workflowInfo().historyLength + toCome < historyBudgets.eventsOfStage;
    },
  };
}
