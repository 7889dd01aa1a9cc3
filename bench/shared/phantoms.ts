/**
 * Source and target phantoms in a store in memory, and the configuration that benchmarks of the whole method begin
 * from.
 */
import { type PhantomCounts, storePhantomDatasets } from '../../app/quickstart/phantom-datasets.ts';
import { quickstart } from '../../app/quickstart/sizes.ts';
import { presets } from '../../contracts/presets.ts';
import { type RunConfig, type RunConfigInput, RunConfigSchema } from '../../contracts/run-config.ts';
import { generatePhantom } from '../../datasets/phantom/phantom.ts';
import type { LabelVideo } from '../../imaging/image.ts';
import { type MemoryContext, openMemoryContext } from './memory-context.ts';
import type { TestCase } from './scored-video.ts';

/** Fields over the tiny preset. */
export type ConfigOverrides = Partial<RunConfigInput>;

/** The tiny preset between the phantom datasets. */
export function phantomConfig(seed: number, overrides: ConfigOverrides = {}): RunConfig {
  return RunConfigSchema.parse({
    ...presets.tiny,
    ...overrides,
    seed,
    source: quickstart.names.source,
    target: quickstart.names.target,
  });
}

/**
 * The datasets of `npm start` with as many test videos as said: on its few, chance moves validity by as much as
 * adaptation does.
 */
export function quickstartCounts(test: number): PhantomCounts {
  return { source: quickstart.source, target: { ...quickstart.target, test } };
}

/**
 * Target phantoms with their true labels, two of a patient, none of which a run over `quickstartCounts` adapts to or
 * validates on.
 */
export function* testPhantoms(seed: number, count: number): Generator<TestCase> {
  const { adapt, validation } = quickstart.target;
  for (let index = adapt + validation; index < adapt + validation + count; index++) {
    const { id, study, image, labels } = generatePhantom({ domain: 'target', seed, index });
    yield { id, patient: study, image, reference: labels };
  }
}

/** True labels of the source phantoms that a run over `quickstartCounts` trains on. */
export function* sourcePhantomLabels(seed: number): Generator<LabelVideo> {
  for (let index = 0; index < quickstart.source.train; index++)
    yield generatePhantom({ domain: 'source', seed, index }).labels;
}

/** Makes both datasets from the seed. */
export async function openPhantoms(seed: number, counts: PhantomCounts): Promise<MemoryContext> {
  const memory = await openMemoryContext();
  try {
    await storePhantomDatasets(memory.context.store, memory.folder, seed, counts);
    return memory;
  } catch (error) {
    await memory.close();
    throw error;
  }
}
