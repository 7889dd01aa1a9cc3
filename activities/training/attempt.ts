/** What a lower learning rate after a divergence changes: the rate, and where the files of that attempt lie. */
import type { TrainLocallyInput } from '../../contracts/activities.ts';
import { activityKeys } from '../artefacts/run-keys.ts';

/** Key prefix of the checkpoints of an attempt, ending in a slash. */
export function attemptFolder(folder: string, rateFactor = 1): string {
  return rateFactor === 1 ? folder : `${folder}rate-${rateFactor}/`;
}

/** Key prefix of a local-SGD round of an attempt, ending in a slash. */
export function roundFolder({
  run,
  iteration,
  round,
  rateFactor,
}: Pick<TrainLocallyInput, 'run' | 'iteration' | 'round' | 'rateFactor'>): string {
  return activityKeys.round(attemptFolder(activityKeys.rounds(run, iteration), rateFactor), round);
}

/** The configuration with these rates multiplied. */
export function withRates<Config, Rate extends keyof Config>(
  config: Config & Record<Rate, number>,
  rates: readonly Rate[],
  rateFactor = 1,
): Config {
  const changed = Object.fromEntries(rates.map((rate) => [rate, config[rate] * rateFactor]));
  return { ...config, ...changed };
}

/** The document that ends a round. */
export function roundDocument(of: Parameters<typeof roundFolder>[0]): string {
  return `${roundFolder(of)}round.json`;
}
