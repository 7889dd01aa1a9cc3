/** The run that clusters are tried with: every stage, two workers that fine-tune side by side, many checkpoints. */
import type { RunConfig } from '../../contracts/run-config.ts';
import { tinyConfig } from '../../test/orchestration/tiny-run.ts';

const tiny = tinyConfig();

export const clusterConfig: RunConfig = {
  ...tiny,
  sweep: { ...tiny.sweep, videosPerShard: 1, concurrentShards: 4 },
  training: { windowFrames: 4, checkpointEverySteps: 10, checkpointEverySeconds: 0 },
  localSgd: { ...tiny.localSgd, workers: 2, stepsPerRound: 2 },
};
