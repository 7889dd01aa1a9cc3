/** The page about a run. */
import { DomainError } from '../../ground/errors.ts';
import { readArtefactAt } from '../../storage/artefacts.ts';
import { runKeys } from '../../storage/keys.ts';
import type { ObjectStore } from '../../storage/store.ts';

/**
 * The HTML report, one file that needs no network. @throws DomainError ArtefactMissing when the run has not written it.
 */
export async function readReport(store: ObjectStore, run: string): Promise<Uint8Array> {
  const key = runKeys.report(run);
  const page = (await readArtefactAt(store, key))?.bytes;
  if (page) return page;
  throw new DomainError(
    'ArtefactMissing',
    `The store has no ${key}: the run ${run} has not written its report yet, or does not exist. Look: npx echoloop status ${run}`,
  );
}
