/**
 * Scores many pairs on all processor cores. Each thread holds one pair at a time, so memory stays bounded by cores, not
 * by videos. Metrics are plain typed arrays: threads are safe here, unlike for tensors.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { VideoPair } from './pair-files.ts';
import { type ScoreOutcome, scoreFile } from './score-file.ts';

/** Starting threads costs about half a second; fewer pairs than this are faster without. */
const worthThreads = 8;

/** Outcomes in the order of the pairs. */
export async function scorePairs(
  pairs: readonly VideoPair[],
  onDone: (done: number, total: number) => void,
  threads = pairs.length < worthThreads ? 1 : Math.min(availableParallelism(), pairs.length),
): Promise<ScoreOutcome[]> {
  const outcomes = new Array<ScoreOutcome>(pairs.length);
  let next = 0;
  let done = 0;
  const drain = async (score: (pair: VideoPair) => Promise<ScoreOutcome>) => {
    while (next < pairs.length) {
      const index = next++;
      outcomes[index] = await score(pairs[index]!);
      onDone(++done, pairs.length);
    }
  };
  if (threads <= 1) {
    await drain(scoreFile);
    return outcomes;
  }
  const workers = Array.from(
    { length: threads },
    () => new Worker(new URL('./score-thread.mjs', import.meta.url)),
  );
  try {
    await Promise.all(workers.map((worker) => drain((pair) => askWorker(worker, pair))));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return outcomes;
}

function askWorker(worker: Worker, pair: VideoPair): Promise<ScoreOutcome> {
  return new Promise((resolve, reject) => {
    const answer = (outcome: ScoreOutcome) => {
      worker.off('error', reject);
      resolve(outcome);
    };
    worker.once('message', answer);
    worker.once('error', reject);
    worker.postMessage(pair);
  });
}
