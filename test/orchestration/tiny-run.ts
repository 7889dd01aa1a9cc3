/** Phantoms in a memory store and a configuration so small that every stage takes about a second. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ActivityContext, type ActivityServices, contextOf } from '../../activities/context.ts';
import { type RunConfig, RunConfigSchema } from '../../contracts/run-config.ts';
import { formatManifest, type ManifestRow, manifestRow } from '../../datasets/manifest.ts';
import { writeGreyNifti, writeLabelNifti } from '../../datasets/nifti.ts';
import { generatePhantom, type PhantomDomain } from '../../datasets/phantom/phantom.ts';
import type { GreyVideo, LabelVideo } from '../../imaging/image.ts';
import { writeArtefact } from '../../storage/artefacts.ts';
import { datasetKeys } from '../../storage/keys.ts';
import { LocalCache } from '../../storage/local-cache.ts';
import { MemoryStore } from '../../storage/memory-store.ts';
import type { ObjectStore } from '../../storage/store.ts';

export interface TinyWorld {
  readonly store: MemoryStore;
  readonly services: ActivityServices;
  /** Key of each unit of work that was done, in order. */
  readonly work: string[];
  context(signal?: AbortSignal): ActivityContext;
}

/** A world without datasets. */
export function tinyWorld(): TinyWorld {
  const store = new MemoryStore();
  const work: string[] = [];
  const services: ActivityServices = {
    store,
    cache: new LocalCache(store, join(tmpdir(), 'echoloop-test-no-cache', '\0'), 0),
    codeVersion: 'test',
    log: {
      info: (fields) => {
        if (typeof fields.work === 'string') work.push(`${fields.work} ${fields.key}`);
      },
      warn: () => undefined,
    },
  };
  return {
    store,
    services,
    work,
    context: (signal = new AbortController().signal) => contextOf(services, signal, () => undefined),
  };
}

/** Adds a dataset of phantoms: one video for each split, frames cut to `frames`. */
export async function addPhantoms(
  store: ObjectStore,
  dataset: string,
  domain: PhantomDomain,
  videos: readonly { readonly split: ManifestRow['split']; readonly labelled: boolean }[],
  frames = 4,
): Promise<string[]> {
  const rows: ManifestRow[] = [];
  for (const [index, { split, labelled }] of videos.entries()) {
    // Every second number, so that each video is a patient of its own.
    const { id, study, view, image, labels } = generatePhantom({ domain, seed: 1, index: 2 * index });
    const shortImage: GreyVideo = { ...image, frames, intensities: cut(image.intensities, image, frames) };
    const shortLabels: LabelVideo = { ...labels, frames, labels: cut(labels.labels, labels, frames) };
    await add(store, datasetKeys.video(dataset, id), writeGreyNifti(shortImage));
    if (labelled) await add(store, datasetKeys.labels(dataset, id), writeLabelNifti(shortLabels));
    rows.push(manifestRow({ study, view, id, split, labelled }, shortImage));
  }
  await store.put(datasetKeys.manifest(dataset), new TextEncoder().encode(formatManifest(rows)));
  return rows.map(({ id }) => id);
}

/**
 * Source with three annotated videos, target with four to adapt to, one to validate on, one annotated to test on. Both
 * are of one scanner, so that a policy of a hundred steps segments them well enough to be labelled.
 */
export async function addTinyDatasets(store: ObjectStore): Promise<{ source: string[]; target: string[] }> {
  const labelled = { split: 'train', labelled: true } as const;
  const unlabelled = { split: 'train', labelled: false } as const;
  return {
    source: await addPhantoms(store, 'clinic-a', 'source', [labelled, labelled, labelled]),
    target: await addPhantoms(store, 'clinic-b', 'source', [
      unlabelled,
      unlabelled,
      unlabelled,
      unlabelled,
      { split: 'val', labelled: false },
      { split: 'test', labelled: true },
    ]),
  };
}

export function tinyConfig(): RunConfig {
  return RunConfigSchema.parse({
    preset: 'tiny',
    seed: 3,
    source: 'clinic-a',
    target: 'clinic-b',
    iterations: 1,
    preprocessing: { spacingMm: 3, multiple: 4, clahe: { enabled: false } },
    network: {
      baseFilters: 4,
      strides: [
        [1, 1, 1],
        [1, 2, 2],
        [2, 2, 2],
      ],
      kernels: [
        [1, 3, 3],
        [3, 3, 3],
        [3, 3, 3],
      ],
    },
    training: { checkpointEverySteps: 40, checkpointEverySeconds: 0 },
    pretraining: { steps: 120, learningRate: 1e-2 },
    autoencoder: { maskSize: 16, baseFilters: 2, latentDimensions: 8, steps: 4, batchFrames: 4 },
    sweep: { videosPerIteration: 4, videosPerShard: 2, concurrentShards: 2, maxQuarantinedShare: 0.5 },
    labelling: { agreement: 0, weightNoise: [0.1], contrast: [0.4], imageNoise: [0.3], minimumVideos: 1 },
    rewardFit: { epochs: 2, stepsPerEpoch: 6, accumulation: 2 },
    landmark: { fit: { epochs: 2, stepsPerEpoch: 6, accumulation: 2 } },
    ppo: {
      epochs: 2,
      windowsPerEpoch: 3,
      updatesPerWindow: 2,
      validationVideos: 1,
    },
  });
}

async function add(store: ObjectStore, key: string, bytes: Uint8Array): Promise<void> {
  await writeArtefact(store, key, bytes, { inputs: [], codeVersion: 'test', mediaType: 'application/gzip' });
}

function cut<Pixels extends Float32Array | Uint8Array>(
  pixels: Pixels,
  { rows, columns }: { rows: number; columns: number },
  frames: number,
): Pixels {
  return pixels.slice(0, frames * rows * columns) as Pixels;
}
