/** The demonstration's data: phantoms made once and kept, and one real recording, all in the store. */
import { join } from 'node:path';
import { DomainError } from '../../ground/errors.ts';
import { projectRoot } from '../../runtime/installation.ts';
import type { ObjectStore } from '../../storage/store.ts';
import { ingestVideos } from '../datasets/ingest-videos.ts';
import { planIngestion } from '../datasets/plan-ingestion.ts';
import { type PhantomProgress, storePhantomDatasets } from './phantom-datasets.ts';
import { quickstart } from './sizes.ts';

export const realClipFile = join(projectRoot, quickstart.realClip);

/** @throws DomainError StorageUnavailable, or FormatUnsupported and its like when the real recording cannot be read. */
export async function prepareData(
  store: ObjectStore,
  home: string,
  progress?: PhantomProgress,
): Promise<void> {
  await storePhantomDatasets(store, join(home, 'data'), quickstart.seed, quickstart, progress);
  const { quarantined } = await ingestVideos(store, await planIngestion({ paths: [realClipFile] }), {
    dataset: quickstart.names.target,
    keepNames: true,
    view: 'a4c',
    split: 'pred',
  });
  const problem = quarantined[0];
  if (problem) throw new DomainError('DatasetInvalid', `${problem.file}: ${problem.message}`);
}
