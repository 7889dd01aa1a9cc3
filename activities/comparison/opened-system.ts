/** A system of a comparison, opened to predict: its model, its files, what was handed in for it. */
import { systemNamed } from '../../comparison/registry.ts';
import type { StoredBytes, VideoPredictor } from '../../comparison/system.ts';
import type { PredictForSystemInput } from '../../contracts/comparison-activities.ts';
import type { RunConfig } from '../../contracts/run-config.ts';
import { findArtefact } from '../../storage/artefacts.ts';
import { comparisonKeys } from '../../storage/comparison-keys.ts';
import { rewardNetworksOf } from '../../storage/reward-lineage.ts';
import { findShapes } from '../artefacts/run-shapes.ts';
import type { ActivityContext } from '../context.ts';
import type { PlannedRow } from './rows.ts';
import { bytesOf } from './training-material.ts';

/** The caller disposes it. */
export async function openSystem(
  input: PredictForSystemInput,
  { row, plan, files, rewards }: PlannedRow,
  config: RunConfig,
  context: ActivityContext,
): Promise<VideoPredictor> {
  const system = systemNamed(row.system);
  const model = input.model ?? plan.model;
  const judged = input.adapted ?? model;
  const judges = rewards.length > 0 || !judged ? rewards : await rewardNetworksOf(context.store, judged.key);
  const read = (reference: (typeof judges)[number]): Promise<StoredBytes> => bytesOf(reference, context);
  const opened = await Promise.all(
    Object.entries(files).map(async ([name, file]) => [name, await read(file)] as const),
  );
  return system.predict({
    settings: system.settings.parse(row.settings),
    config,
    model: model && (await read(model)),
    rewards: await Promise.all(judges.map(read)),
    shapes: (await findShapes(input.run, context))?.model,
    files: Object.fromEntries(opened),
    givenMask: async (id) => {
      const mask = await findArtefact(context.store, comparisonKeys.givenMask(input.run, row.name, id));
      return mask && context.cache.read(mask);
    },
  });
}
