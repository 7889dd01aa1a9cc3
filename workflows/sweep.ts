/**
 * A bounded sliding window over shards: as many in flight as allowed at that moment, the next one started when any
 * ends. The plan keeps a sweep to a size whose events fit one history.
 */
import { CancellationScope, condition } from '@temporalio/workflow';

/**
 * Runs every shard 0..shards-1. The first failure cancels the rest and is thrown.
 * @param concurrency read whenever a place may be free, so that it can change while the sweep runs; at least 1.
 */
export async function sweep(
  shards: number,
  concurrency: () => number,
  runShard: (shard: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  let inFlight = 0;
  let failure: { error: unknown } | undefined;

  const start = async (shard: number): Promise<void> => {
    inFlight++;
    try {
      await runShard(shard);
    } catch (error) {
      failure ??= { error };
    } finally {
      inFlight--;
    }
  };

  await CancellationScope.cancellable(async () => {
    const scope = CancellationScope.current();
    while (!failure && (next < shards || inFlight > 0)) {
      while (next < shards && inFlight < concurrency()) void start(next++);
      await condition(
        () => failure !== undefined || inFlight === 0 || (next < shards && inFlight < concurrency()),
      );
    }
    if (failure) {
      scope.cancel();
      await CancellationScope.nonCancellable(() => condition(() => inFlight === 0));
      throw failure.error;
    }
  });
}
