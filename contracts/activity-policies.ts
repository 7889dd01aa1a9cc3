/** Timeouts and retry rules of each kind of activity. Every activity that can last longer than 30 s has a heartbeat timeout. */
import { finalErrorCodes } from '../ground/errors.ts';

const retry = {
  initialInterval: '1s',
  backoffCoefficient: 2,
  maximumInterval: '30s',
  maximumAttempts: 50,
  nonRetryableErrorTypes: [...finalErrorCodes] as string[],
} as const;

export const activityPolicies = {
  /** Storage, decoding and metrics: seconds to minutes. */
  io: { startToCloseTimeout: '1h', heartbeatTimeout: '20s', retry },
  /** Inference over one shard of videos. */
  inference: { startToCloseTimeout: '6h', heartbeatTimeout: '20s', retry },
  /** Training: resumes from its last checkpoint, so a retry is cheap however long it runs. */
  training: { startToCloseTimeout: '7d', heartbeatTimeout: '20s', retry },
} as const;
