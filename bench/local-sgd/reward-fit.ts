/** The reward fit by one worker and in rounds: its validation loss after every epoch, and the network that is kept. */
import { readJson } from '../../activities/artefacts/json-artefact.ts';
import { readRun } from '../../activities/artefacts/run-facts.ts';
import type { ActivityContext } from '../../activities/context.ts';
import { fitRewardNetwork } from '../../activities/fit-reward-network.ts';
import { FitSchema } from '../../activities/rewards/reward-fitting.ts';
import { RewardFitRoundSchema } from '../../activities/rounds/documents.ts';
import type { RewardModel } from '../../contracts/messages.ts';
import type { FitRewardInput } from '../../contracts/training-activities.ts';
import { type LocalSgdRow, timed, timedRounds } from './timed-rounds.ts';

/** Triples of the run must be there. */
export async function fittedByOne(
  start: FitRewardInput,
  context: ActivityContext,
): Promise<{ readonly reward: RewardModel; readonly rows: readonly LocalSgdRow[] }> {
  const { result, seconds } = await timed(() => fitRewardNetwork(start, context));
  const { points } = await readJson(context, result.curve, FitSchema);
  const windows = points.filter(({ loss }) => loss !== undefined).length;
  const windowsPerSecond = windows / seconds;
  const epochs = validationOfEpochs(points);
  const rows = epochs.map((validation, epoch) => ({
    ...({ training: 'reward fit', workers: 1 } as const),
    step: ((epoch + 1) * windows) / epochs.length,
    ...{ validation, windowsPerSecond },
  }));
  return { reward: result.reward, rows };
}

export async function fittedInRounds(
  start: FitRewardInput,
  context: ActivityContext,
): Promise<readonly LocalSgdRow[]> {
  const { localSgd, rewardFit } = (await readRun(start, context)).config;
  const { workers } = localSgd;
  const task = { start: { ...start, training: 'reward-fit' } as const, workers, rounds: rewardFit.epochs };
  const { rounds, windows, seconds } = await timedRounds(task, context);
  const last = await readJson(context, rounds.at(-1)!.merged.curve, RewardFitRoundSchema);
  const concluding = await timed(() => fitRewardNetwork({ ...start, rounds: rounds.length }, context));
  const windowsPerSecond = windows / (seconds + concluding.seconds);
  return last.progress.history.map(({ validationLoss }, epoch) => ({
    ...({ training: 'reward fit', workers } as const),
    step: ((epoch + 1) * windows) / rounds.length / workers,
    validation: validationLoss,
    windowsPerSecond,
  }));
}

/** Means of the stretches of validation; the last one goes on with the windows of calibration and test. */
function validationOfEpochs(points: readonly Readonly<Record<string, number>>[]): number[] {
  const stretches: number[][] = [];
  let inside = false;
  for (const { validationLoss } of points) {
    if (validationLoss !== undefined && !inside) stretches.push([]);
    inside = validationLoss !== undefined;
    if (validationLoss !== undefined) stretches.at(-1)!.push(validationLoss);
  }
  const windows = Math.min(...stretches.map(({ length }) => length));
  return stretches.map((losses) => losses.slice(0, windows).reduce((sum, loss) => sum + loss, 0) / windows);
}
