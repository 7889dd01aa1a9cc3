/** What a lower learning rate after a divergence changes: the rate, and where the files of that attempt lie. */

/** Key prefix of the checkpoints of an attempt, ending in a slash. */
export function attemptFolder(folder: string, rateFactor = 1): string {
  return rateFactor === 1 ? folder : `${folder}rate-${rateFactor}/`;
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
