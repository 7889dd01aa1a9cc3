/** Follows a comparison to its end and prints its table. */
import { followComparison } from '../app/comparison/comparison-client.ts';
import type { Connections } from '../app/connections.ts';
import type { ComparisonResult } from '../contracts/comparison.ts';
import { readArtefact } from '../storage/artefacts.ts';
import type { Terminal } from './terminal.ts';
import { comparisonDisplay } from './text/comparison-text.ts';

/** @throws RunFailed when it ended without a result. */
export async function showComparison(
  { client, store }: Pick<Connections, 'client' | 'store'>,
  run: string,
  terminal: Terminal,
): Promise<ComparisonResult> {
  terminal.note(`comparison ${run}: Ctrl-C only stops looking at it, npx echoloop watch ${run} looks again`);
  const result = await followComparison(client, run, comparisonDisplay(terminal));
  const table = await readArtefact(store, result.files.markdown);
  terminal.print(new TextDecoder().decode(table).split('\n![')[0]!.trimEnd());
  return result;
}
