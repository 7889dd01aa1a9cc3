/** The three kinds of worker and the queue that each serves (architecture.md, the house). */
export const taskQueues = {
  /** Workflows: deterministic orchestration, no data. */
  control: 'echoloop-control',
  /** Storage, decoding, metrics: processor and network. */
  io: 'echoloop-io',
  /** Tensors: one worker per device. */
  compute: 'echoloop-compute',
} as const;

/**
 * What goes first where more waits than workers can take: lower numbers, and runs of the same number in turn. Temporal
 * has 1 to 5, and 3 for what says nothing.
 */
export const priorities = {
  /** A run that a person started and waits for. */
  person: 2,
  night: 4,
} as const;

/** What the tasks of a run are ordered by, its sweeps and activities included. */
export function priorityOf(run: string, priorityKey: (typeof priorities)[keyof typeof priorities]) {
  // Temporal takes 64 bytes; names of runs are ASCII, and end in what tells them apart.
  return { priorityKey, fairnessKey: run.slice(-64) };
}

export type WorkerRole = keyof typeof taskQueues;
