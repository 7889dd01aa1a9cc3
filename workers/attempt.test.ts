import { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AttemptDetails, AttemptDetailsSchema } from '../contracts/messages.ts';
import { DomainError, type ErrorCode } from '../ground/errors.ts';
import { activityPolicies, patience } from '../temporal.config.ts';
import { Attempt } from './attempt.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** Runs one attempt, and returns what Temporal was told last. */
async function attempt(
  number: number,
  heartbeatDetails: AttemptDetails | undefined,
  work: (attempt: Attempt) => void,
): Promise<AttemptDetails> {
  const environment = new MockActivityEnvironment({ attempt: number, heartbeatDetails });
  let last: unknown;
  environment.on('heartbeat', (details) => {
    last = details;
  });
  await environment.run(async () => {
    const running = new Attempt(Context.current());
    try {
      work(running);
    } finally {
      running.close();
    }
  });
  return AttemptDetailsSchema.parse(last);
}

const failing = (code: ErrorCode) => (running: Attempt) =>
  running.failureOf(new DomainError(code, 'it failed')) as ApplicationFailure;

describe('an attempt', () => {
  it('says how far it is while it lasts, also when the work itself is silent', async () => {
    const environment = new MockActivityEnvironment();
    let beats = 0;
    environment.on('heartbeat', () => beats++);
    await environment.run(async () => {
      const running = new Attempt(Context.current());
      vi.advanceTimersByTime(10_000);
      running.close();
      vi.advanceTimersByTime(10_000);
    });
    expect(beats).toBe(4);
  });

  it('keeps the step that was reached while videos are prepared again', async () => {
    const first = await attempt(1, undefined, (running) =>
      running.report({ step: 40, total: 100, loss: 0.5 }),
    );
    const second = await attempt(2, first, (running) =>
      running.report({ step: 0, total: 0, preparing: { done: 3, total: 9 } }),
    );
    expect(second).toMatchObject({ step: 40, total: 100, preparing: { done: 3, total: 9 } });
    const third = await attempt(3, second, (running) => running.report({ step: 41, total: 100 }));
    expect(third).not.toHaveProperty('preparing');
    expect(third.furthest).toEqual({ step: 41, prepared: 3 });
  });

  it.each([
    ['StorageUnavailable', patience.circumstancesMs],
    ['DiskFull', patience.circumstancesMs],
    ['ComputeCrashed', patience.ownFailureMs],
  ] as const)(
    'is tried again after %s for so long, whatever the number of attempts',
    async (code, limitMs) => {
      const details = (idleMs: number): AttemptDetails =>
        AttemptDetailsSchema.parse({ step: 7, total: 9, furthest: { step: 7, prepared: 0 }, idleMs });
      await attempt(5000, details(limitMs - 1000), (running) => {
        expect(failing(code)(running)).toMatchObject({ nonRetryable: false, type: code });
        vi.advanceTimersByTime(2000);
        const last = failing(code)(running);
        expect(last).toMatchObject({ nonRetryable: true, type: code });
        expect(last.message).toMatch(
          /^it failed It was tried 5000 times, for \d+ minutes .*echoloop resume /,
        );
      });
    },
  );

  it('begins to count anew when it gets further than all attempts before it, and not when it only gets there again', async () => {
    const before = AttemptDetailsSchema.parse({
      step: 7,
      total: 9,
      furthest: { step: 7, prepared: 50 },
      idleMs: patience.ownFailureMs + 1,
    });
    await attempt(9, before, (running) => {
      running.report({ step: 0, total: 0, preparing: { done: 50, total: 60 } });
      running.report({ step: 7, total: 9 });
      expect(failing('ComputeCrashed')(running).nonRetryable).toBe(true);
      running.report({ step: 8, total: 9 });
      expect(failing('ComputeCrashed')(running).nonRetryable).toBe(false);
    });
  });

  it('counts how often memory ran out until it gets further', async () => {
    const ranOut = (running: Attempt) => running.ranOutOfMemory();
    const first = await attempt(4, undefined, ranOut);
    const second = await attempt(9, first, ranOut);
    expect([first.outOfMemory, second.outOfMemory]).toEqual([1, 2]);
    const third = await attempt(10, second, (running) => {
      running.report({ step: 1, total: 100 });
      ranOut(running);
    });
    expect(third.outOfMemory).toBe(1);
  });

  it('does not count the time in which no worker had it', async () => {
    const before = await attempt(3, undefined, () => undefined);
    vi.advanceTimersByTime(100 * 3_600_000);
    const after = await attempt(4, before, () => undefined);
    expect(after.idleMs).toBe(patience.longestPauseMs);
  });

  it('lets drains, cancellations and final failures be what they are', async () => {
    const idle = AttemptDetailsSchema.parse({ step: 0, total: 0, idleMs: patience.circumstancesMs * 1.05 });
    await attempt(80, idle, (running) => {
      const drained = ApplicationFailure.retryable('drained', 'WorkerShutdown');
      expect(running.failureOf(drained)).toBe(drained);
      const cancelled = new CancelledFailure('cancelled');
      expect(running.failureOf(cancelled)).toBe(cancelled);
      expect(failing('DatasetInvalid')(running).message).toBe('it failed');
    });
  });

  it('ends an activity that workers die of again and again without a word', async () => {
    const idle = patience.circumstancesMs + patience.ownFailureMs + 1;
    const before = AttemptDetailsSchema.parse({ step: 0, total: 0, idleMs: idle });
    await expect(attempt(200, before, () => undefined)).rejects.toMatchObject({ nonRetryable: true });
  });

  it('says how to go on with the run, not with the stage of it that the activity is of', async () => {
    vi.setSystemTime(0);
    const environment = new MockActivityEnvironment({
      attempt: 9,
      workflowExecution: { workflowId: 'ward-1/predict-2/0123abcd', runId: 'any' },
    });
    const failure = await environment.run(async () => {
      const running = new Attempt(Context.current());
      vi.advanceTimersByTime(patience.ownFailureMs + 1);
      running.close();
      return running.failureOf(new DomainError('ComputeCrashed', 'it died'));
    });
    expect((failure as ApplicationFailure).message).toMatch(/npx echoloop resume ward-1$/);
  });

  it('is limited by no number of attempts', () => {
    for (const { retry } of Object.values(activityPolicies))
      expect(retry).not.toHaveProperty('maximumAttempts');
  });
});
