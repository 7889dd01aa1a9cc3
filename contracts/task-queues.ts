/** The three kinds of worker and the queue that each serves (architecture.md, the house). */
export const taskQueues = {
  /** Workflows: deterministic orchestration, no data. */
  control: 'echoloop-control',
  /** Storage, decoding, metrics: processor and network. */
  io: 'echoloop-io',
  /** Tensors: one worker per device. */
  compute: 'echoloop-compute',
} as const;

export type WorkerRole = keyof typeof taskQueues;
