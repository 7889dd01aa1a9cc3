/** What every stage of a running adaptation has at hand. */
import type { RunConfig } from '../contracts/run-config.ts';
import type { ProgressBoard } from './progress.ts';
import type { Steering } from './steering.ts';

export interface RunDesk {
  readonly config: RunConfig;
  readonly steering: Steering;
  readonly progress: ProgressBoard;
}
