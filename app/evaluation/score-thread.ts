/** One scoring thread: takes a pair, answers with its outcome, until it is ended. */
import { parentPort } from 'node:worker_threads';
import type { VideoPair } from './pair-files.ts';
import { scoreFile } from './score-file.ts';

parentPort?.on('message', async (pair: VideoPair) => {
  parentPort?.postMessage(await scoreFile(pair));
});
