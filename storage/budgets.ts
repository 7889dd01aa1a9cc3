/** How long the object store is waited for, and how often it is asked again, before that counts as a failure. */

export interface StoreBudgets {
  /** Until a connection stands, in ms. */
  readonly connectMs: number;
  /** Without a single byte in either direction, in ms: before the first byte of an answer, within it, or while sending. */
  readonly stallMs: number;
  /** Times that a request is sent before it counts as failed. */
  readonly attempts: number;
  /** Connections at once; further requests wait for a free one. */
  readonly connections: number;
}

/** A server that never answers is given up after about 50 s; the activity is then tried again by its own rules. */
export const storeBudgets: StoreBudgets = { connectMs: 5_000, stallMs: 15_000, attempts: 3, connections: 64 };

export interface RereadBudget {
  /** Reads in all of an object that does not have the digest that it should have. */
  readonly attempts: number;
  /** Pause before the second read, in ms; it grows fourfold from one to the next. */
  readonly pauseMs: number;
}

export const rereadBudget: RereadBudget = { attempts: 3, pauseMs: 200 };
