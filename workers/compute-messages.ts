/** What a compute worker and its tensor process say to each other. Both sides check what they receive. */
import { z } from 'zod';
import { HeartbeatSchema } from '../contracts/messages.ts';
import { finalErrorCodes, retryableErrorCodes } from '../ground/errors.ts';

const call = z.int().min(1);
const code = z.enum([...finalErrorCodes, ...retryableErrorCodes]);

export const ToChildSchema = z.discriminatedUnion('type', [
  /** First message: where services are. Opaque to the channel; what opens the runtime checks it. */
  z.strictObject({ type: z.literal('configure'), deployment: z.unknown() }),
  z.strictObject({ type: z.literal('run'), call, activity: z.string().min(1), input: z.unknown() }),
  z.strictObject({ type: z.literal('cancel'), call }),
]);
export type ToChild = z.infer<typeof ToChildSchema>;

export const ToParentSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready'), backend: z.string(), threads: z.int().min(1) }),
  /** The process cannot serve: no tensor back end, no store. */
  z.strictObject({ type: z.literal('unready'), code: code.optional(), message: z.string() }),
  z.strictObject({ type: z.literal('progress'), call, details: HeartbeatSchema }),
  z.strictObject({ type: z.literal('result'), call, output: z.unknown() }),
  z.strictObject({
    type: z.literal('failure'),
    call,
    /** Left out for errors that are nobody's code: defects. */
    code: code.optional(),
    /** True when the call ended because it was cancelled. */
    cancelled: z.boolean(),
    message: z.string(),
    stack: z.string().optional(),
    details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  }),
]);
export type ToParent = z.infer<typeof ToParentSchema>;
