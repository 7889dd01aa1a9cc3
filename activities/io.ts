/** The activities of io workers, by name. */
import type { IoActivities } from '../contracts/activities.ts';
import { scoreSystem } from './comparison/stages/score-system.ts';
import { writeComparison } from './comparison/stages/write-comparison.ts';
import { concludeRounds } from './conclude-rounds.ts';
import type { ActivityContext } from './context.ts';
import { planRun } from './plan-run.ts';
import { promote } from './promote.ts';
import { readChampion } from './read-champion.ts';
import { scoreShard } from './score-shard.ts';
import { selectBest } from './select-best.ts';
import { summariseEvaluation } from './summarise-evaluation.ts';
import { writeReport } from './write-report.ts';

export const ioActivities = {
  planRun,
  concludeRounds,
  scoreShard,
  summariseEvaluation,
  selectBest,
  promote,
  readChampion,
  writeReport,
  scoreSystem,
  writeComparison,
} satisfies Record<keyof IoActivities, (input: never, context: ActivityContext) => Promise<unknown>>;
