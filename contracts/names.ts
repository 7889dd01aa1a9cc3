/** Names that the Temporal server knows, and the version of what a run hands on. No schemas: workflows import it. */

/** Of the workflow types. */
export const workflowTypes = {
  adaptation: 'adaptation',
  nightly: 'nightly',
  sweep: 'sweep',
  rounds: 'localSgdRounds',
  comparison: 'comparison',
} as const;

/** Of the queries and the updates that a running adaptation or comparison answers. */
export const steeringNames = {
  progress: 'progress',
  comparisonProgress: 'comparisonProgress',
  pause: 'pause',
  resume: 'resume',
  stop: 'stop',
  setConcurrency: 'setConcurrency',
} as const;

/** Of the signals between a run and the workflows of its stages. */
export const stageSignals = { steer: 'steer', report: 'report' } as const;

/** Raised when the shape of `CarriedState` changes; a run refuses state that it does not understand. */
export const CARRIED_STATE_VERSION = 1;

/** The same of `ComparisonState`. */
export const COMPARISON_STATE_VERSION = 1;

/** The run of a schedule's night, `<model>-20260131T020000Z`: the time fits into keys and workflow ids. */
export function nightlyRun(model: string, time: Date): string {
  return `${model}-${time.toISOString().replace(/[-:]|\.\d+/g, '')}`;
}
