/** The demonstration's data: phantoms made once and kept, and one real recording, all in the store. */
import { join } from 'node:path';
import { DomainError } from '../../ground/errors.ts';
import { projectRoot } from '../../runtime/node-command.ts';
import type { ObjectStore } from '../../storage/store.ts';
import { ingestVideos } from '../datasets/ingest-videos.ts';
import { makePhantomDataset } from '../datasets/phantom-dataset.ts';
import { uploadDataset } from '../datasets/upload-dataset.ts';
import type { Terminal } from '../terminal.ts';
import { phantomDatasets } from './phantom-datasets.ts';
import { quickstart } from './sizes.ts';

const { names, seed } = quickstart;

export const realClipFile = join(projectRoot, quickstart.realClip);

/** @throws DomainError StorageUnavailable, or FormatUnsupported and its like when the real recording cannot be read. */
export async function prepareData(store: ObjectStore, home: string, terminal: Terminal): Promise<void> {
  for (const { name, domain, videos } of phantomDatasets(quickstart)) {
    const out = join(home, 'data', name);
    const { made } = await makePhantomDataset({ out, domain, seed, videos }, (done, total) => {
      if (terminal.interactive) terminal.redraw([`  ${name}: ${done} of ${total} videos made`]);
    });
    await uploadDataset(store, out, name);
    const labelled = videos.filter((video) => video.labelled).length;
    terminal.note(
      `  ${name}: ${videos.length} videos, ${labelled} of them annotated${made === 0 ? ' (kept from before)' : ''}`,
    );
  }
  await addRealClip(store, terminal);
}

async function addRealClip(store: ObjectStore, terminal: Terminal): Promise<void> {
  const { quarantined } = await ingestVideos(store, [realClipFile], {
    dataset: names.target,
    keepNames: true,
    view: 'a4c',
    split: 'pred',
  });
  const problem = quarantined[0];
  if (problem) throw new DomainError('DatasetInvalid', `${problem.file}: ${problem.message}`);
  terminal.note(`  ${names.target}: one real recording without annotation, ${quickstart.realClip}`);
}
