/** What the tables are made on: phantoms of each seed, or the two public sets. */
import { join } from 'node:path';
import { storePhantomDatasets } from '../../app/quickstart/phantom-datasets.ts';
import { quickstart } from '../../app/quickstart/sizes.ts';
import { resolveRunConfig } from '../../app/run-config.ts';
import type { RunConfig } from '../../contracts/run-config.ts';
import type { ObjectStore } from '../../storage/store.ts';
import { quickstartCounts } from '../shared/phantoms.ts';
import { realIteration, storePolicy, storeRealSets } from '../shared/real-datasets.ts';
import { realSets } from '../shared/real-echo.ts';

/** A seed of a table: its number, its store, a folder of its own. */
export interface SeedPlace {
  readonly seed: number;
  readonly store: ObjectStore;
  readonly folder: string;
}

/** Phantoms as `npm start` makes them, with as many test videos as said. */
export async function phantomDatasets(
  { seed, store, folder }: SeedPlace,
  videos: number,
): Promise<RunConfig> {
  await storePhantomDatasets(store, join(folder, 'data'), seed, quickstartCounts(videos));
  const { names, preset, iterations } = quickstart;
  return resolveRunConfig(undefined, {
    preset,
    iterations,
    seed,
    source: names.source,
    target: names.target,
  });
}

/** CAMUS and EchoNet-Dynamic, between which `real` adapts. */
export async function realDatasets(
  { seed, store }: SeedPlace,
  real: string,
  policy: string | undefined,
): Promise<RunConfig> {
  await storeRealSets(store, real);
  const { source, target } = realSets;
  const config = await resolveRunConfig(undefined, { preset: 'real', source, target, seed });
  return realIteration(config, policy && (await storePolicy(store, policy)));
}
