/**
 * Work that takes its thread for seconds, cut into steps: whoever has to do something else in between, such as saying
 * that it lives, goes through it step by step.
 */
export type Steps<Result> = Generator<void, Result, void>;

/** All steps, one after the other. */
export function allSteps<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}
