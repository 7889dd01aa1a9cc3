/** Which iteration a finished run chose, as its selection.json says. */
import { z } from 'zod';
import { DomainError } from '../../ground/errors.ts';
import { readArtefactAt } from '../../storage/artefacts.ts';
import { runKeys } from '../../storage/keys.ts';
import type { ObjectStore } from '../../storage/store.ts';

const SelectionSchema = z.object({ best: z.int().min(0) });

/** @throws DomainError ArtefactMissing when the run has not chosen yet. */
export async function bestIteration(store: ObjectStore, run: string): Promise<number> {
  const key = `${runKeys.root(run)}selection.json`;
  const found = await readArtefactAt(store, key);
  if (found) return SelectionSchema.parse(JSON.parse(Buffer.from(found.bytes).toString('utf8'))).best;
  throw new DomainError(
    'ArtefactMissing',
    `The store has no ${key}: the run ${run} has not chosen its best policy yet, or does not exist. Name one by --iteration, or look: npx echoloop status ${run}`,
  );
}
