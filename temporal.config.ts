/**
 * Every timeout, retry rule and budget in one place, as plain data: workflows read it too. Where services are is
 * runtime/deployment.ts, numbers of the method are configuration of a run. Outside of it are what may know no
 * configuration: the lock of runtime/file-lock.mjs, which runs before anything is installed, and the decoders of
 * datasets/dicom, whose time follows from the picture.
 */
import { finalErrorCodes } from './ground/errors.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const MEGABYTE = 1e6;
const GIGABYTE = 1e9;

/** No limit on attempts: drains and preemptions are attempts too. `patience` ends those that lead nowhere. */
const retry = {
  initialInterval: SECOND_MS,
  backoffCoefficient: 2,
  maximumInterval: 30 * SECOND_MS,
  nonRetryableErrorTypes: [...finalErrorCodes] as string[],
} as const;

const heartbeatTimeout = 20 * SECOND_MS;

/** Of each kind of activity. Every one has a heartbeat timeout: a worker that died is noticed within it. */
export const activityPolicies = {
  /** Storage, decoding and metrics: seconds to minutes. */
  io: { startToCloseTimeout: HOUR_MS, heartbeatTimeout, retry },
  /** A question to Temporal itself: soon asked again, so a lost one is given up. */
  look: {
    startToCloseTimeout: 10 * SECOND_MS,
    scheduleToCloseTimeout: MINUTE_MS,
    heartbeatTimeout,
    retry,
  },
  /** Inference over one shard of videos. */
  inference: { startToCloseTimeout: 6 * HOUR_MS, heartbeatTimeout, retry },
  /** Training: resumes from its last checkpoint, so a retry is cheap however long it runs. */
  training: { startToCloseTimeout: 7 * DAY_MS, heartbeatTimeout, retry },
} as const;

/** Of every workflow. */
export const workflowPolicy = {
  /**
   * For one decision. One that a control worker took with it when it died is given to another after this, so it is
   * short; a replay of the longest history is a part of it, so it is no shorter (docs/performance.md, rehearsed).
   * Where a busy machine takes longer, Temporal allows more from the fourth attempt on.
   */
  workflowTaskTimeout: 7 * SECOND_MS,
} as const;

/** Of a run that a schedule starts. */
export const nightLimits = {
  /**
   * Longer than any adaptation that is meant to be nightly takes: one that hangs for so long is ended, as timed out,
   * and its run is asked to stop with a checkpoint. Until then every later night is skipped.
   */
  longestMs: 3 * 24 * HOUR_MS,
} as const;

/** Of a comparison. */
export const comparisonLimits = {
  /** For a run under way that has the name of an adaptation which is to start: a cancelled one ends in less. */
  waitForEndMs: 5 * MINUTE_MS,
  lookForEndMs: 3 * SECOND_MS,
} as const;

/**
 * How long an activity may fail without getting further before its run fails. Time in which no worker had it does not
 * count, and whatever gets further begins the count anew.
 */
export const patience = {
  /** With a service that does not answer, a disk that is full, workers of another version. */
  circumstancesMs: 12 * HOUR_MS,
  /** With an activity that fails by itself: its process dies, or it meets a defect. */
  ownFailureMs: HOUR_MS,
  /** However long they took. */
  leastAttempts: 3,
  /** Counted of the time between two attempts: the longest pause and the time until a dead worker is noticed. */
  longestPauseMs: retry.maximumInterval + heartbeatTimeout,
  /** Attempts that ran out of memory at the same place before memory is taken to be too small. */
  outOfMemoryAttempts: 3,
} as const;

/** How many shards a run has in flight where nobody says a number. */
export const fleetFollowing = {
  /** One that is worked on and one that waits, so that no worker waits. */
  shardsPerComputeWorker: 2,
  /** Until workers have been counted. */
  shardsAtFirst: 2,
  /** At most. */
  countEveryMs: MINUTE_MS,
} as const;

export const workerLimits = {
  /** Well under the heartbeat timeout, so that a busy machine misses none; cancellations arrive with heartbeats. */
  heartbeatEveryMs: 3 * SECOND_MS,
  /** For Temporal and the store, before a worker that starts gives up. */
  waitForServicesMs: MINUTE_MS,
  askServicesEveryMs: SECOND_MS,
  control: {
    shutdownGraceMs: 10 * SECOND_MS,
    /**
     * For so long a workflow waits for the worker that has it in memory; then any other replays its history. What a run
     * loses when its control worker dies.
     */
    ownTasksMs: 3 * SECOND_MS,
  },
  io: { activities: 8, shutdownGraceMs: 20 * SECOND_MS, shutdownForceMs: 40 * SECOND_MS },
  compute: {
    /**
     * Training lasts for days: on shutdown it is told at once, and its checkpoint makes the next worker go on from
     * there.
     */
    shutdownGraceMs: SECOND_MS,
    shutdownForceMs: 25 * SECOND_MS,
    /**
     * A cancelled activity may take this long to end its step and write its checkpoint before its process is killed.
     */
    cancelGraceMs: 20 * SECOND_MS,
    /** Of that, the requests of that checkpoint. */
    lastCheckpointMs: 15 * SECOND_MS,
    /** Longer than any one step, video or window takes: a process that shows no progress for so long hangs. */
    stallMs: 30 * MINUTE_MS,
    /** For a process that was killed to be gone, which takes seconds where it has a GPU. */
    killMs: MINUTE_MS,
    /** For a process that was let go to end by itself. */
    exitGraceMs: 2 * SECOND_MS,
  },
} as const;

/** Of one process each. */
export const memoryBudgets = {
  /** What must be free for each compute worker of the demonstration; one was seen to take 1.2 GB, its two processes. */
  demonstrationWorkerBytes: 2 * GIGABYTE,
  /** Frames and labels of the windows that a training has drawn; beyond it they are read again. */
  windowBytes: 1.5 * GIGABYTE,
  /** Segmentations of a sweep that a fine-tuning proposes, unpacked. */
  sweptLabelBytes: 0.25 * GIGABYTE,
  /** Whole videos that a fine-tuning is validated on; beyond it they lie on disk. */
  videoShelfBytes: 0.5 * GIGABYTE,
  /** Log lines that wait while the disk is full. */
  waitingLogBytes: MEGABYTE,
} as const;

export const diskBudgets = {
  /** Artefacts that a host keeps at hand. */
  cacheBytes: 20 * GIGABYTE,
  /** A file of that cache which is in use says so on disk, for the other processes, at most this often. */
  touchCacheEveryMs: MINUTE_MS,
  /** What writing wholes leaves when its process is killed; a younger one may still become whole. */
  abandonedAfterMs: HOUR_MS,
  /** Without so much in the folders of cache and scratch files, a worker takes no work. */
  leastFreeBytes: 500 * MEGABYTE,
  /** A service's log before it is moved aside. */
  longestLogBytes: 10 * MEGABYTE,
} as const;

/** How long the object store is waited for, and how often it is asked again, before that counts as a failure. */
export const storeLimits = {
  /** Until a connection stands. */
  connectMs: 5 * SECOND_MS,
  /** Without a single byte in either direction: before the first byte of an answer, within it, or while sending. */
  stallMs: 15 * SECOND_MS,
  /** Times that a request is sent before it counts as failed; a server that never answers is given up after 50 s. */
  attempts: 3,
  /** Before an object whose answer broke off is read for the second time; as much longer each time. */
  pauseMs: 200,
  /** Connections at once; further requests wait for a free one. */
  connections: 64,
  /** Of thousands of reads, so many at once: enough to hide the way to the store, few enough for others' requests. */
  readsAtOnce: 16,
} as const;

/** Reads of an object that does not have the digest that it should have, before it is believed to be damaged. */
export const rereadLimits = {
  attempts: 3,
  /** Before the second read; it grows fourfold from one to the next. */
  pauseMs: 200,
} as const;

/** What the start of an embedded store may take to compare its newest artefacts with their records. */
export const startCheckBudget = {
  maximumArtefacts: 200,
  maximumBytes: 2 * GIGABYTE,
  maximumMs: 10 * SECOND_MS,
} as const;

/** What a workflow's history may hold: short ones are replayed in a second or two when a control worker is replaced. */
export const historyBudgets = {
  /** A stage that has so many begins no further activity, waits for those in flight and continues as new. */
  eventsOfStage: 4000,
  /** Of how far it is, to its run. */
  reportsOfStage: 100,
  /** Of a training in rounds: larger ones are cut into longer rounds. */
  activitiesOfTraining: 4000,
} as const;

/** The embedded services and whoever watches over them. */
export const serviceLimits = {
  /** `echoloop up`, from nothing to everything answering, and `echoloop down`. */
  upMs: 3 * MINUTE_MS,
  downMs: 2 * MINUTE_MS,
  startMs: 30 * SECOND_MS,
  temporalStartMs: MINUTE_MS,
  stopGraceMs: 10 * SECOND_MS,
  /** A worker finishes or hands back what it holds before it ends. */
  workerStopGraceMs: 30 * SECOND_MS,
  healthMs: 2 * SECOND_MS,
  /** For whatever listens at a port of this machine to accept a connection. */
  connectMs: SECOND_MS,
  /** For as long the embedded server remembers a run that ended: `resume` needs its history. */
  endedRunsKeptMs: 90 * DAY_MS,
  /** For the S3 server to show whether the file system has what it needs. */
  trialMs: 10 * SECOND_MS,
  bucketMs: 10 * SECOND_MS,
  /** Pauses before a process that died is started again: the first, and the longest that it doubles up to. */
  restartPauseMs: { first: 250, longest: 15 * SECOND_MS },
  /** A process that ran for longer than this begins with the first pause again. */
  steadyMs: 30 * SECOND_MS,
  rotateLogsEveryMs: 30 * SECOND_MS,
  speedTestMs: 2 * MINUTE_MS,
} as const;

/** Set-up: what is downloaded, built and checked once for a machine. */
export const setupLimits = {
  /** For a tool to say its version. */
  versionMs: 20 * SECOND_MS,
  /** Wheels of TensorFlow and of CUDA, up to 3 GB. */
  wheelsMs: HOUR_MS,
  /** A download of Temporal's command that gets no byte for so long is given up. */
  stalledDownloadMs: 20 * SECOND_MS,
  lookAtDownloadEveryMs: SECOND_MS,
  /** The TensorFlow addon, or a service out of its Go sources. */
  buildMs: 30 * MINUTE_MS,
  /** The addon of a few lines that quietens TensorFlow's start. */
  smallBuildMs: 2 * MINUTE_MS,
  /** Pointing the addon at its libraries and signing it, on macOS. */
  signMs: MINUTE_MS,
  /** For TensorFlow to load for the first time. */
  firstLoadMs: 3 * MINUTE_MS,
  /** What an interrupted set-up left is removed after this; a younger one may still be at work. */
  abandonedAfterMs: DAY_MS,
  /** A step that lasts shows that it lives this often: on a terminal in place, elsewhere by a line each time. */
  reminderEveryMs: { terminal: 500, line: 20 * SECOND_MS },
} as const;

/** Films that ffmpeg decodes: of one, however long. */
export const filmLimits = { decodeMs: 5 * MINUTE_MS } as const;

/** Of whoever asks Temporal: the command line, `doctor`, health checks. */
export const clientLimits = {
  connectMs: 5 * SECOND_MS,
  answerMs: 5 * SECOND_MS,
  /** For a run to take an order: a control worker that has just died is missed first. */
  orderMs: 30 * SECOND_MS,
  /**
   * While a run is followed: between two looks, and between two lines in a log, which should show life without
   * drowning.
   */
  lookEveryMs: 1.5 * SECOND_MS,
  lineEveryMs: 20 * SECOND_MS,
} as const;
