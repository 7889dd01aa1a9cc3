/** Datasets as a person looks at them: what there is, and a sheet of first frames with what is wrong. */
import { z } from 'zod';
import { parseManifest } from '../../datasets/manifest.ts';
import { verifyDataset } from '../../datasets/verify.ts';
import { renderDatasetSheet, type SheetTile, sheetTile } from '../../report/dataset-sheet.ts';
import { datasetKeys } from '../../storage/keys.ts';
import { datasetNames, readManifestOf } from '../../storage/manifests.ts';
import { openSealedJson } from '../../storage/sealed-json.ts';
import type { ObjectStore } from '../../storage/store.ts';
import { writeWholeFile } from '../../storage/whole-file.ts';
import { isDatasetFolder, namedSource } from './verify-named.ts';

const SetAsideSchema = z.object({ id: z.string(), reason: z.string() });

/** What was set aside, in the order of ids; a record that cannot be read is left out. */
async function quarantinedOf(store: ObjectStore, dataset: string) {
  const found: z.infer<typeof SetAsideSchema>[] = [];
  for await (const { key } of store.list(datasetKeys.quarantines(dataset))) {
    const bytes = await store.get(key);
    const record = SetAsideSchema.safeParse(bytes && openSealedJson(bytes)).data;
    if (record) found.push(record);
  }
  return found;
}

export interface DatasetSheet {
  readonly videos: number;
  readonly errors: number;
  readonly warnings: number;
  readonly quarantined: number;
}

/**
 * Writes a sheet of first frames as one HTML file; every video is read and checked for it.
 * @param nameOrFolder a dataset of the store, or a folder in dataset layout
 * @throws DatasetInvalid when there is no such dataset; StorageUnavailable, DiskFull
 */
export async function writeDatasetSheet(
  nameOrFolder: string,
  out: string,
  openStore: () => Promise<ObjectStore>,
  onDone: (done: number, total: number) => void = () => {},
): Promise<DatasetSheet> {
  const tiles: SheetTile[] = [];
  const source = await namedSource(nameOrFolder, openStore);
  const { videos, problems } = await verifyDataset(source, {
    onDone,
    onVideo: (verified) => tiles.push(sheetTile(verified)),
  });
  const ofDataset = problems.filter(({ id }) => id === undefined);
  const quarantined = (await isDatasetFolder(nameOrFolder))
    ? []
    : await quarantinedOf(await openStore(), nameOrFolder);
  await writeWholeFile(
    out,
    renderDatasetSheet({
      dataset: nameOrFolder,
      tiles,
      problems: ofDataset.map(({ message }) => message),
      quarantined,
    }),
  );
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  return { videos, errors, warnings: problems.length - errors, quarantined: quarantined.length };
}

export interface ListedDataset {
  readonly dataset: string;
  readonly videos: number;
  readonly labelled: number;
  readonly patients: number;
  readonly quarantined: number;
}

/** The datasets of the store, by name. */
export async function listDatasets(store: ObjectStore): Promise<ListedDataset[]> {
  const listed: ListedDataset[] = [];
  for (const dataset of await datasetNames(store)) {
    const manifest = await readManifestOf(store, dataset);
    const rows = manifest ? parseManifest(manifest.text) : [];
    let quarantined = 0;
    for await (const _ of store.list(datasetKeys.quarantines(dataset))) quarantined++;
    const labelled = rows.filter((row) => row.labelled).length;
    const patients = new Set(rows.map(({ study }) => study)).size;
    listed.push({ dataset, videos: rows.length, labelled, patients, quarantined });
  }
  return listed;
}
