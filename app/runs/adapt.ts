/** Starts an adaptation: its datasets into the store, a name for the run, the workflow. */
import type { RunConfig } from '../../contracts/run-config.ts';
import { checkedName } from '../../storage/keys.ts';
import type { Connections } from '../connections.ts';
import { resolveDataset } from '../datasets/upload-dataset.ts';
import { startAdaptation } from './adaptation-client.ts';

export interface AdaptRequest {
  /** Source and target are names of datasets in the store, or folders, which are stored first; see resolveRunConfig. */
  readonly config: RunConfig;
  /** Name of the run; made from the target and the time when left out. */
  readonly run?: string | undefined;
  /** Make the best policy champion of this model when it passes the gate. */
  readonly model?: string | undefined;
}

/**
 * @param onDataset told in words of a folder that was stored.
 * @returns the name of the run, which goes on by itself: see followRun.
 * @throws DomainError ConfigInvalid for a name that is not legal or taken, DatasetInvalid, StorageUnavailable
 */
export async function adapt(
  { client, store }: Pick<Connections, 'client' | 'store'>,
  { config: given, run: named, model }: AdaptRequest,
  onDataset: (text: string) => void = () => {},
): Promise<string> {
  if (named !== undefined) checkedName('run', named);
  if (model !== undefined) checkedName('model', model);
  const config = {
    ...given,
    source: await resolveDataset(store, given.source, onDataset),
    target: await resolveDataset(store, given.target, onDataset),
  };
  const run = named ?? newRunId(config.target, new Date());
  await startAdaptation(client, { run, config, ...(model === undefined ? {} : { model }) });
  return run;
}

/** `<name>-20260131-235959`, in UTC: readable, sortable, and a legal run name. */
export function newRunId(name: string, now: Date): string {
  const stamp = now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return `${name.slice(0, 80)}-${stamp}`;
}
