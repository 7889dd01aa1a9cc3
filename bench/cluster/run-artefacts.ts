/** What a run made, to be compared with what another one made of the same configuration, and counted. */
import { PlanSchema } from '../../contracts/documents.ts';
import type { AdaptationResult } from '../../contracts/messages.ts';
import { parseManifest } from '../../datasets/manifest.ts';
import { findArtefact, readArtefactAt, readRecord } from '../../storage/artefacts.ts';
import { checkNewestArtefacts } from '../../storage/check-artefacts.ts';
import { runKeys } from '../../storage/keys.ts';
import { readManifestOf } from '../../storage/manifests.ts';
import type { ObjectStore } from '../../storage/store.ts';
import type { EndedRun } from './disturbed-run.ts';

/**
 * SHA-256 of every network, mask, set of triples and training curve of a run, by key within it: the artefacts that are
 * numbers alone. The others name the run that they belong to.
 */
export async function digestsOf(store: ObjectStore, run: string): Promise<Map<string, string>> {
  const root = runKeys.root(run);
  const found = new Map<string, string>();
  for await (const { key } of store.list(root)) {
    if (!/\.(safetensors|nii\.gz|triples)$|\/(curve|fit)\.json$/.test(key)) continue;
    const record = await readRecord(store, key);
    if (record) found.set(key.slice(root.length), record.sha256);
  }
  return found;
}

/** Keys within the runs that only one of them has, or that have other bytes. */
function differing(expected: ReadonlyMap<string, string>, found: ReadonlyMap<string, string>): string[] {
  const keys = new Set([...expected.keys(), ...found.keys()]);
  return [...keys].filter((key) => expected.get(key) !== found.get(key)).sort();
}

/** What is wrong with a run that should have made what another one did, and counted each video once. */
export async function faultsOfRun(
  store: ObjectStore,
  { run, result, failure }: { readonly run: string } & Pick<EndedRun, 'result' | 'failure'>,
  { expected, target }: { readonly expected: ReadonlyMap<string, string>; readonly target: string },
): Promise<string[]> {
  if (!result) {
    const { damaged } = await checkNewestArtefacts(store);
    return [`failed: ${failure}`, ...damaged.map(({ key, problem }) => `in the store, ${key}: ${problem}`)];
  }
  const other = differing(expected, await digestsOf(store, run));
  return [...other.map((key) => `${key} differs`), ...(await miscounts(store, result, target))];
}

/**
 * What is wrong with the count of a finished run's videos: each of the manifest has to be in the plan once, predicted,
 * labelled and evaluated once, and none set aside.
 */
async function miscounts(
  store: ObjectStore,
  { run, policies, quarantined }: AdaptationResult,
  target: string,
): Promise<string[]> {
  const problems: string[] = [];
  const expect = (what: string, found: number, wanted: number): void => {
    if (found !== wanted) problems.push(`${what}: ${found} instead of ${wanted}`);
  };
  const planned = (await readArtefactAt(store, runKeys.plan(run)))!;
  const plan = PlanSchema.parse(JSON.parse(new TextDecoder().decode(planned.bytes)));
  const rows = parseManifest((await readManifestOf(store, target))!.text);
  const inSplit = (split: string) => rows.filter((row) => row.split === split).length;
  for (const [index, shards] of plan.sweeps.entries()) {
    const iteration = index + 1;
    const videos = new Set(shards.flat());
    expect(`videos in the sweep of iteration ${iteration}`, shards.flat().length, inSplit('train'));
    expect(`videos in it once`, videos.size, inSplit('train'));
    const root = runKeys.iteration(run, iteration);
    for (const id of videos) {
      for (const key of [`predictions/target/${id}.nii.gz`, `triples/${id}.triples`]) {
        if (!(await findArtefact(store, `${root}${key}`))) problems.push(`${root}${key} is not there`);
      }
    }
  }
  for (const { iteration, validation, test } of policies) {
    expect(`validated videos of policy ${iteration}`, validation?.videos ?? 0, inSplit('val'));
    expect(`tested videos of policy ${iteration}`, test?.videos ?? 0, inSplit('test'));
  }
  expect('videos set aside', quarantined, 0);
  for await (const { key } of store.list(`${runKeys.root(run)}quarantine/`)) problems.push(`${key} is there`);
  return problems;
}
