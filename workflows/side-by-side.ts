/**
 * A bounded sliding window over pieces of work: as many in flight as allowed at that moment, the next one started when
 * any ends.
 */
import { CancellationScope, condition } from '@temporalio/workflow';

export interface Window {
  /** The first piece; those before it are done. */
  readonly from: number;
  /** The number of the piece after the last. */
  readonly to: number;
  /** At least 1; asked whenever a place may be free, so that it can change while the window slides. */
  readonly concurrency: () => number;
  /**
   * Asked with what is in flight. Once it says false, no further piece is started, and those in flight are waited for.
   */
  readonly mayStart?: (inFlight: number) => boolean;
}

/**
 * Works on the pieces in their order. The first failure, or a cancellation, cancels the rest and is thrown once all in
 * flight have ended.
 * @returns the first piece that was not started: `to` when all are done.
 */
export async function sideBySide(
  { from, to, concurrency, mayStart = () => true }: Window,
  work: (piece: number) => Promise<void>,
): Promise<number> {
  let next = from;
  let inFlight = 0;
  let failure: { error: unknown } | undefined;

  const start = async (piece: number): Promise<void> => {
    inFlight++;
    try {
      await work(piece);
    } catch (error) {
      failure ??= { error };
    } finally {
      inFlight--;
    }
  };
  const hasPlace = (): boolean => next < to && inFlight < concurrency() && mayStart(inFlight);

  await CancellationScope.cancellable(async () => {
    const scope = CancellationScope.current();
    while (!failure && (inFlight > 0 || hasPlace())) {
      while (hasPlace()) void start(next++);
      try {
        await condition(() => failure !== undefined || inFlight === 0 || hasPlace());
      } catch (error) {
        // The whole is cancelled: what is in flight writes its checkpoints first.
        failure ??= { error };
      }
    }
    if (failure) {
      scope.cancel();
      await CancellationScope.nonCancellable(() => condition(() => inFlight === 0));
      throw failure.error;
    }
  });
  return next;
}
