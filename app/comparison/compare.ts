/** Compares systems on one test set: what is needed into the store, the workflow, the table out of the store. */
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import {
  type ComparisonConfig,
  ComparisonConfigSchema,
  type ComparisonFiles,
  type ComparisonResult,
} from '../../contracts/comparison.ts';
import type { RunConfig } from '../../contracts/run-config.ts';
import { DomainError } from '../../ground/errors.ts';
import { readArtefact } from '../../storage/artefacts.ts';
import { checkedName } from '../../storage/keys.ts';
import type { ObjectStore } from '../../storage/store.ts';
import { writeWholeFile } from '../../storage/whole-file.ts';
import type { Connections } from '../connections.ts';
import { readManifest } from '../datasets/stored-dataset.ts';
import { resolveDataset } from '../datasets/upload-dataset.ts';
import { newRunId } from '../runs/adapt.ts';
import { checkRows, learnsFromSource } from './check-rows.ts';
import { startComparison } from './comparison-client.ts';
import { handIn } from './hand-in.ts';
import type { RequestedRow } from './row-specs.ts';

export interface CompareRequest {
  /** Source and target are names of datasets in the store, or folders, which are stored first. */
  readonly config: RunConfig;
  readonly rows: readonly RequestedRow[];
  /** Name of the comparison; made from the target and the time when left out. */
  readonly run?: string | undefined;
  readonly minutes?: ComparisonConfig['minutes'];
  /** Test videos that are drawn. */
  readonly pictures?: number | undefined;
}

/**
 * Starts it, or goes on with one of the name that failed; one that has ended stays as it is.
 * @param note told in words of what was stored.
 * @returns the name of the comparison, which goes on by itself: see followComparison.
 * @throws DomainError ConfigInvalid, DatasetInvalid, ArtefactMissing, StorageUnavailable
 */
export async function compare(
  { client, store }: Pick<Connections, 'client' | 'store'>,
  { config: given, rows, run: named, minutes, pictures }: CompareRequest,
  note: (text: string) => void = () => {},
): Promise<string> {
  if (named !== undefined) checkedName('run', named);
  if (rows.length === 0)
    throw new DomainError('ConfigInvalid', 'There is no system to compare. Add --systems.');
  await checkRows(rows);
  const target = await resolveDataset(store, given.target, note);
  const source = rows.some(learnsFromSource) ? await resolveDataset(store, given.source, note) : given.source;
  const run = named ?? newRunId(`compare-${target}`, new Date());
  const config = checkedConfig({
    run: { ...given, source, target },
    rows: rows.map(({ masks: _, references: __, checkpoint: ___, ...row }) => row),
    ...(minutes && { minutes }),
    ...(pictures !== undefined && { pictures }),
  });
  const videos = (await readManifest(store, target))
    .filter(({ split }) => split === 'test')
    .map(({ id }) => id);
  const stored = [];
  for (const row of rows) stored.push(await handIn(row, { store, run, videos }, note));
  const started = await startComparison(client, { run, config: { ...config, rows: stored } });
  if (!started) note(`the comparison ${run} is there already: it is followed, not started`);
  return run;
}

/** Looked at before masks are handed in: of two rows of one name, one would get those of the other. */
function checkedConfig(config: unknown): ComparisonConfig {
  const parsed = ComparisonConfigSchema.safeParse(config);
  if (parsed.success) return parsed.data;
  const reasons = parsed.error.issues.map(({ path, message }) => `  ${path.join('.')}: ${message}`);
  throw new DomainError('ConfigInvalid', `The comparison cannot be made:\n${reasons.join('\n')}`);
}

/** Writes the table in every form, and the pictures, into the folder. */
export async function fetchComparison(
  store: ObjectStore,
  { files }: Pick<ComparisonResult, 'files'>,
  folder: string,
): Promise<string[]> {
  await mkdir(join(folder, 'pictures'), { recursive: true });
  const { pictures, ...tables } = files satisfies ComparisonFiles;
  const written: string[] = [];
  const fetch = async (reference: ComparisonFiles['json'], path: string) => {
    await writeWholeFile(path, await readArtefact(store, reference));
    written.push(path);
  };
  for (const reference of Object.values(tables))
    await fetch(reference, join(folder, basename(reference.key)));
  for (const reference of pictures) await fetch(reference, join(folder, 'pictures', basename(reference.key)));
  return written;
}
